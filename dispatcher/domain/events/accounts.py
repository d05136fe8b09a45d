"""What happened to accounts and their tokens."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """An account was made."""

    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedIn(Event):
    """An account opened a session, `by` password, code, passkey or psc: what it proved last."""

    user_id: UUID
    by: str = "password"
    """Newer than the first rows, which say nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Event):
    """An account ended sessions of its own, `count` of them."""

    user_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccessChanged(Event):
    """An account was closed, or opened again."""

    user_id: UUID
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReplaced(Event):
    """An account was given a new password, which ended its sessions."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorSet(Event):
    """From now on an account is asked for a code after its password."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRemoved(Event):
    """It is not any more: its owner wished so, or an administrator did for them."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRequired(Event):
    """A territory asks these roles for double authentication, and no others."""

    roles: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """A code on paper stood in for the application; `left` are left."""

    user_id: UUID
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesRenewed(Event):
    """An account made itself other codes on paper; those of before are gone."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyAdded(Event):
    """An account has one more passkey."""

    user_id: UUID
    passkey_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRemoved(Event):
    """It has one less: its owner wished so, or an administrator did for them."""

    user_id: UUID
    passkey_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalIdChanged(Event):
    """An administrator wrote a national number on an account, or took it away."""

    user_id: UUID
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """An API token was made for an account."""

    user_id: UUID
    token_id: UUID
