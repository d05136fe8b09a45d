"""Changing one's own password."""

from uuid import UUID

from sqlalchemy import select, update

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import PasswordReplaced
from dispatcher.domain.passwords import fault_of_password
from dispatcher.domain.roles import Account
from dispatcher.services.accounts import hashed, is_password
from dispatcher.services.commands import PasswordText, Shape
from dispatcher.services.house import House
from dispatcher.storage.accounts import User
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.sessions import UserSession

NOT_THE_PRESENT_ONE = "Ce n’est pas votre mot de passe actuel."
NOT_THE_SAME = "Les deux saisies du nouveau mot de passe sont différentes."


class ChangePassword(Shape):
    """The present password, and twice the one wished for."""

    present: PasswordText
    wished: PasswordText
    again: PasswordText


def change_password(
    house: House, account: Account, session_id: UUID, command: ChangePassword
) -> None:
    """Give oneself another password; all sessions but this one end. Raises InvalidError by field.

    Whoever has a session without knowing the password gains nothing by it.
    """
    faults = {}
    present_hash = password_hash_of(house, account)
    if not is_password(present_hash, command.present):
        faults["present"] = NOT_THE_PRESENT_ONE
    about = (account.login, account.display_name, account.territory_name)
    if fault := fault_of_password(command.wished, about):
        faults["wished"] = fault
    elif command.wished != command.again:
        faults["again"] = NOT_THE_SAME
    if faults:
        raise InvalidError(faults)
    wished_hash = hashed(command.wished)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        epoch = account.session_epoch + 1
        # guarded: an administrator may have replaced it, or ended the sessions, meanwhile
        changed = unit.session.execute(
            update(User)
            .where(User.id == account.user_id, User.password_hash == present_hash)
            .where(User.session_epoch == account.session_epoch)
            .values(password_hash=wished_hash, session_epoch=epoch)
        )
        if rows_changed(changed) != 1:
            raise InvalidError({"present": NOT_THE_PRESENT_ONE})
        unit.session.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.user_id == account.user_id)
            .values(epoch=epoch)
        )
        unit.record(PasswordReplaced(user_id=account.user_id))


def password_hash_of(house: House, account: Account) -> str:
    """What one's present password is compared with."""
    with house.db.reading() as session:
        return session.scalars(select(User.password_hash).where(User.id == account.user_id)).one()
