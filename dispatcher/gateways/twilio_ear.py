"""What Twilio calls us for: receipts and messages received, and whether Twilio signed them."""

from collections.abc import Mapping
from uuid import UUID

from twilio.request_validator import RequestValidator

from config.settings import Settings
from dispatcher.gateways.sms import HttpCall, NotSigned, Receipt, Received, Unreadable

REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'


def listen(settings: Settings) -> "TwilioEar":
    """The ear for the account that the environment's TWILIO_… describe."""
    return TwilioEar(settings.twilio.auth_token if settings.twilio else "")


class TwilioEar:
    """Reads Twilio's calls; without a token nothing is believed."""

    def __init__(self, auth_token: str) -> None:
        self._token = auth_token

    def receipt(self, call: HttpCall) -> Receipt:
        """How a message fares. Raises NotSigned and Unreadable."""
        form = self._signed(call)
        sid = form.get("MessageSid") or form.get("SmsSid")
        status = form.get("MessageStatus") or form.get("SmsStatus")
        if not sid or not status:
            raise Unreadable
        return Receipt(sid, status, form.get("ErrorCode") or None, _uuid(call.query.get("m", "")))

    def received(self, call: HttpCall) -> Received:
        """A message that somebody sent us. Raises NotSigned and Unreadable."""
        form = self._signed(call)
        sid, sender = form.get("MessageSid"), form.get("From")
        if not sid or not sender:
            raise Unreadable
        written_to = [form[each] for each in ("To", "MessagingServiceSid") if form.get(each)]
        return Received(sid, sender, form.get("Body", ""), written_to)

    def reply(self, text: str | None) -> tuple[str, str]:
        """TwiML."""
        return "text/xml", REPLY.format(f"<Message>{text}</Message>" if text else "")

    def _signed(self, call: HttpCall) -> Mapping[str, str]:
        header = call.headers.get("x-twilio-signature")
        if not self._token or not signature_is_valid(self._token, call.url, call.form, header):
            raise NotSigned
        return call.form


def signature_is_valid(
    token: str, public_url: str, form: Mapping[str, str], header: str | None
) -> bool:
    """True when Twilio signed this request (HMAC-SHA1 with our auth token).

    `public_url` is the address that Twilio called, query string included: built on PUBLIC_BASE_URL,
    because what a proxy hands on differs from it. `form` may be a multi-dict.
    """
    if not header:
        return False
    try:
        validator = RequestValidator(token)  # type: ignore[no-untyped-call]  # not annotated
        return bool(validator.validate(public_url, form, header))  # type: ignore[no-untyped-call]
    except (UnicodeEncodeError, ValueError):
        return False  # bytes that are no text cannot have been signed


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
