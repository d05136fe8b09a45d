"""Why a copy is not made, or not put back."""


class BackupError(Exception):
    """Nothing was changed; the message is a French sentence for whoever gave the command."""


IN_DOUBT = (
    "UPDATE {table} SET status = 'sending', sending_since = created_at"
    " WHERE direction = 'out' AND status = 'queued' AND sending_since IS NULL"
)
"""After the copy was made an SMS may have left: `sending` has it looked up before it is sent."""
RUNNING = (
    "La base est encore utilisée par un autre programme. Arrêtez d’abord le site, les exécutants, "
    "le relais et l’horloge."
)
HOLDS_DATA = "La base contient déjà des données. Ajoutez --replace pour les mettre de côté."
