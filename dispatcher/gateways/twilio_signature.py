"""Whether Twilio signed a request. Apart from the gateway, so that the front need not load it."""

from collections.abc import Mapping

from twilio.request_validator import RequestValidator


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
