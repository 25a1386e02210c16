"""All settings: one frozen value, read from `CAMPAIGN_*` once at the start. Nothing else reads the environment.

Each field's comment is its line in docs/settings.md; a test holds the two together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from campaign import gateways
from campaign.domain import hosts
from campaign.domain.errors import CannotStart

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
BROKERS = ("filesystem", "memory", "amqp", "amqps", "pyamqp", "redis", "rediss")


_ADDRESS = re.compile(r"[0-9a-fA-F.:]+:[0-9]{1,5}")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Settings:
    env: Environment = Environment.DEVELOPMENT
    var_dir: Path = Path("var")
    database_url: str = field(default="", repr=False)  # default: a SQLite file in var_dir
    broker_url: str = field(default="filesystem://", repr=False)
    secret_key: str = field(default="", repr=False)
    old_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    base_url: str = "http://localhost:8000"
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    web_threads: int = 8
    trusted_proxies: int = 0
    workers: int = 1
    simulated: bool = True
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    smtp_username: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_starttls: bool = False
    smtp_connections: int = 8
    smtp_per_second: float = 0.0
    smtp_per_minute_to_office: float = 0.0
    smtp_per_minute_to_domain: float = 0.0
    dkim_key_file: Path = Path()  # default: letters are not signed here
    dkim_selector: str = ""
    dkim_domain: str = ""
    dns_server: str = ""  # default: the system's
    cwc_house_url: str = ""
    cwc_house_key: str = field(default="", repr=False)
    cwc_house_agent: str = ""
    cwc_house_repeat_is_safe: bool = False
    cwc_senate_url: str = ""
    cwc_senate_test_url: str = ""
    cwc_senate_offices_url: str = ""
    cwc_senate_key: str = field(default="", repr=False)
    cwc_senate_agent: str = ""
    cwc_agent_contact: str = ""
    cwc_agent_email: str = ""
    cwc_agent_phone: str = ""
    cwc_agent_ack_email: str = ""
    cwc_per_second: float = 5.0
    cwc_more_info: str = "last"
    cwc_maintenance: str = "house daily 00:00-06:00"
    cwc_proxy: str = field(default="", repr=False)
    cwc_direct_egress: bool = False
    bounce_domain: str = "bounces.countersign.example"
    inbox_maildir: Path = Path()  # default: inbox in var_dir
    print_provider_url: str = ""  # default: letters on paper are printed here
    print_provider_key: str = field(default="", repr=False)
    print_provider_hook_secret: str = field(default="", repr=False)
    print_provider_duplex: bool = False
    print_provider_first_sheet_cents: int = 0
    print_provider_further_sheet_cents: int = 0
    intake_host: str = "127.0.0.1"
    intake_port: int = 8024
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: bool = True
    imap_username: str = ""
    imap_password: str = field(default="", repr=False)
    imap_folder: str = "INBOX"
    imap_done_folder: str = "Countersign"
    keep_raw_days: int = 30
    keep_confidential_days: int = 30
    simulator_host: str = "127.0.0.1"
    simulator_port: int = 8026
    simulator_speed: float = 1.0
    simulator_pace: str = "brisk"
    regulations_url: str = ""  # default: the simulated portal, or the real one
    regulations_key: str = field(default="", repr=False)
    regulations_per_minute: float = 50.0
    undo_seconds: int = 60
    ratelimit_storage_url: str = field(default="memory://", repr=False)
    log_level: str = "INFO"
    metrics_token: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Reads every `CAMPAIGN_*` variable. Raises CannotStart naming all missing, unknown and bad ones at once."""
        faults: list[str] = []
        values: dict[str, Any] = {}
        known = {f.name: f for f in fields(cls)}
        for variable, text in environ.items():
            if not variable.startswith("CAMPAIGN_") or variable.startswith("CAMPAIGN_TEST_"):
                continue
            name = variable.removeprefix("CAMPAIGN_").lower()
            if name not in known:
                faults.append(f"{variable} is no setting; docs/settings.md lists them all")
                continue
            try:
                values[name] = _READERS.get(str(known[name].type), str)(text.strip())
            except ValueError as error:
                faults.append(f"{variable}: {error}")
        if not faults:
            settings = cls(**values)
            faults = settings._faults()
            if not faults:
                return settings._completed()
        raise CannotStart("\n".join(faults))

    def _faults(self) -> list[str]:
        faults = []
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            faults.append("CAMPAIGN_BASE_URL: give the address that members see, like https://act.example.org")
        if self.log_level not in LOG_LEVELS:
            faults.append(f"CAMPAIGN_LOG_LEVEL: one of {', '.join(LOG_LEVELS)}")
        if self.metrics_token and len(self.metrics_token) < 16:
            faults.append("CAMPAIGN_METRICS_TOKEN: at least 16 characters, or none")
        faults += self._number_faults() + self._mail_faults() + self._paper_faults() + self._regulations_faults()
        faults += _url_faults(self.database_url, self.broker_url)
        faults += gateways.faults(self)
        return faults + (self._production_faults(parts.scheme) if self.production else [])

    def _number_faults(self) -> list[str]:
        """Not a number fails every comparison, as it should."""
        faults = [
            f"CAMPAIGN_{name.upper()}: at least 1"
            for name in ("workers", "web_threads", "smtp_connections", "keep_raw_days", "keep_confidential_days")
            if getattr(self, name) < 1
        ]
        faults += [
            f"CAMPAIGN_{name.upper()}: a port, 1 to 65535"
            for name in ("web_port", "smtp_port", "simulator_port", "imap_port")
            if not 0 < getattr(self, name) < 65536
        ]
        if not 0 <= self.intake_port < 65536:
            faults.append("CAMPAIGN_INTAKE_PORT: a port, or 0 for no listener")
        faults += [
            f"CAMPAIGN_{name.upper()}: 0 for no limit, or a number above 0"
            for name in ("smtp_per_second", "smtp_per_minute_to_office", "smtp_per_minute_to_domain")
            if not 0 <= getattr(self, name) <= 1_000_000
        ]
        if not 0 < self.regulations_per_minute <= 1_000_000:
            faults.append("CAMPAIGN_REGULATIONS_PER_MINUTE: a number above 0")
        if not 0 < self.simulator_speed <= 1_000_000:
            faults.append("CAMPAIGN_SIMULATOR_SPEED: a number above 0")
        if self.simulator_pace not in ("brisk", "real"):
            faults.append("CAMPAIGN_SIMULATOR_PACE: brisk or real")
        return faults

    def _mail_faults(self) -> list[str]:
        faults = []
        if len({self.dkim_key_file == Path(), not self.dkim_selector, not self.dkim_domain}) > 1:
            faults.append("CAMPAIGN_DKIM_KEY_FILE, CAMPAIGN_DKIM_SELECTOR and CAMPAIGN_DKIM_DOMAIN: all three, or none")
        if self.dns_server and not _ADDRESS.fullmatch(self.dns_server):
            faults.append("CAMPAIGN_DNS_SERVER: an address and a port, like 127.0.0.1:53, or none")
        if self.imap_host and not (self.imap_username and self.imap_password):
            faults.append("CAMPAIGN_IMAP_HOST: needs CAMPAIGN_IMAP_USERNAME and CAMPAIGN_IMAP_PASSWORD")
        if not self.imap_folder or self.imap_folder == self.imap_done_folder:
            faults.append("CAMPAIGN_IMAP_FOLDER: a folder, and another than CAMPAIGN_IMAP_DONE_FOLDER")
        return faults

    def _paper_faults(self) -> list[str]:
        faults = []
        if bool(self.print_provider_url) != bool(self.print_provider_key):
            faults.append("CAMPAIGN_PRINT_PROVIDER_URL and CAMPAIGN_PRINT_PROVIDER_KEY: both, or none")
        house = self.print_provider_url
        if house and (not hosts.is_safe(house) or (self.production and hosts.is_here(house))):
            faults.append("CAMPAIGN_PRINT_PROVIDER_URL: an address that begins with https://")
        if 0 < len(self.print_provider_hook_secret) < 16:
            faults.append("CAMPAIGN_PRINT_PROVIDER_HOOK_SECRET: at least 16 characters, or none")
        return faults

    def _regulations_faults(self) -> list[str]:
        """A key does not travel in clear, and no comment of a simulation leaves this machine."""
        url = self.regulations_url
        here = hosts.is_here(url)
        if not url or (here and not self.production) or (hosts.is_safe(url) and not here and not self.simulated):
            return []
        if self.simulated:
            return ["CAMPAIGN_REGULATIONS_URL: with the simulation, an address of this machine, or none"]
        return ["CAMPAIGN_REGULATIONS_URL: begins with https and ends in /v4"]

    def _production_faults(self, scheme: str) -> list[str]:
        faults = []
        if len(self.secret_key) < 32:
            faults.append("CAMPAIGN_SECRET_KEY: production needs one of at least 32 characters")
        if scheme != "https":
            faults.append("CAMPAIGN_BASE_URL: production needs https")
        if not self.database_url:
            faults.append("CAMPAIGN_DATABASE_URL: production needs a database of its own, postgresql+psycopg://...")
        if self.simulated:
            faults.append("CAMPAIGN_SIMULATED: production needs no, and CAMPAIGN_SMTP_HOST the name of a real relay")
        if self.imap_host and not self.imap_tls:
            faults.append("CAMPAIGN_IMAP_TLS: production needs yes")
        if self.bounce_domain.endswith(".example"):
            faults.append("CAMPAIGN_BOUNCE_DOMAIN: give the domain whose mail reaches the inbox of this installation")
        return faults

    def _completed(self) -> Settings:
        """With the defaults that depend on others. A secret made in development is kept in var_dir for the next start."""
        changes: dict[str, Any] = {}
        var_dir = self.var_dir.absolute()
        changes["var_dir"] = var_dir
        if not self.database_url:
            changes["database_url"] = str(sa.URL.create("sqlite", database=str(var_dir / "countersign.sqlite3")))
        if self.inbox_maildir == Path():
            changes["inbox_maildir"] = var_dir / "inbox"
        if self.env is Environment.DEVELOPMENT and self.simulated and not (self.cwc_house_url or self.cwc_senate_url):
            changes |= gateways.simulated(self)
        if self.env is Environment.DEVELOPMENT and self.simulated and not self.print_provider_url:
            changes |= {
                "print_provider_url": f"http://localhost:{self.simulator_port}",
                "print_provider_key": "simulation",
                "print_provider_hook_secret": "a secret of the simulation alone",
            }
        if not self.regulations_url:
            host = f"[{self.simulator_host}]" if ":" in self.simulator_host else self.simulator_host
            local = f"http://{host}:{self.simulator_port}/regulations/v4"
            changes["regulations_url"] = local if self.simulated else "https://api.regulations.gov/v4"
        if self.simulated and not self.regulations_key:
            changes["regulations_key"] = "simulated"
        if not self.secret_key:
            changes["secret_key"] = _kept_secret(var_dir / "secret_key")
        return Settings(**{f.name: changes.get(f.name, getattr(self, f.name)) for f in fields(self)})

    @property
    def production(self) -> bool:
        return self.env is Environment.PRODUCTION


def _url_faults(database: str, broker: str) -> list[str]:
    """Said without the value, which may hold a password."""
    faults = []
    try:
        backend = sa.make_url(database).get_backend_name() if database else "sqlite"
    except sa.exc.ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        faults.append("CAMPAIGN_DATABASE_URL: postgresql+psycopg://USER@HOST/NAME, or sqlite:////PATH")
    if urlsplit(broker).scheme not in BROKERS:
        faults.append(f"CAMPAIGN_BROKER_URL: begins with one of {', '.join(f'{each}://' for each in BROKERS)}")
    return faults


def _kept_secret(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotStart(f"CAMPAIGN_VAR_DIR: {path.parent} cannot be made ({error.strerror})") from error
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _yes_or_no(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("yes or no")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError("a number") from error


def _environment(text: str) -> Environment:
    try:
        return Environment(text)
    except ValueError as error:
        raise ValueError("development, test or production") from error


_READERS: dict[str, Callable[[str], Any]] = {
    "Environment": _environment,
    "Path": Path,
    "int": _whole,
    "float": _number,
    "bool": _yes_or_no,
    "tuple[str, ...]": lambda text: tuple(part for part in text.split(",") if part),
}
