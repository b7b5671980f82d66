"""A mailbox server that speaks as much of IMAP4rev1 as reading notifications takes, over TLS with a certificate of its
own making. It keeps which messages were marked as read and refuses whatever else it does not know."""

import datetime as dt
import ipaddress
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "bounces@example.com", "p ss%/word"


@dataclass
class Mailbox:
    """`messages` by UID. `drop_after`: the connection ends after so many answers to FETCH."""

    messages: dict[int, bytes]
    seen: set[int] = field(default_factory=set)
    folder: str = "INBOX"
    starttls: bool = False
    drop_after: int | None = None
    commands: list[str] = field(default_factory=list)


class Conversation(socketserver.StreamRequestHandler):
    server: "ImapServer"
    fetched = 0

    def handle(self) -> None:
        if not self.server.mailbox.starttls:
            self.wrap()
        self.say("* OK ready")
        while line := self.rfile.readline(10_000).decode().strip():
            tag, _space, command = line.partition(" ")
            self.server.mailbox.commands.append(command)
            if not self.answer(tag, command):
                return

    def wrap(self) -> None:
        """From here on over TLS."""
        self.rfile.close()
        self.wfile.close()
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)

    def finish(self) -> None:
        self.rfile.close()
        self.wfile.close()
        self.request.close()

    def say(self, line: str, literal: bytes | None = None, end: str = "") -> None:
        middle = b"" if literal is None else f" {{{len(literal)}}}\r\n".encode() + literal + end.encode()
        self.wfile.write(line.encode() + middle + b"\r\n")

    def answer(self, tag: str, command: str) -> bool:
        """False ends the conversation."""
        box = self.server.mailbox
        if command == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1" + (" STARTTLS LOGINDISABLED" if box.starttls else ""))
        elif command == "STARTTLS" and box.starttls:
            self.say(f"{tag} OK begin")
            self.wrap()
            return True
        elif command.startswith("LOGIN "):
            if command != f'LOGIN {USER} "{PASSWORD}"' or not isinstance(self.request, ssl.SSLSocket):
                self.say(f"{tag} NO [AUTHENTICATIONFAILED] Authentication failed.")
                return True
        elif command == f'SELECT "{box.folder}"':
            self.say(f"* {len(box.messages)} EXISTS")
        elif command == "UID SEARCH UNSEEN":
            self.say(" ".join(["* SEARCH", *(str(uid) for uid in box.messages if uid not in box.seen)]))
        elif found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command):
            return self.fetch(tag, int(found[1]), int(found[2]))
        elif found := re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)", command):
            box.seen.add(int(found[1]))
        elif command == "LOGOUT":
            self.say("* BYE")
        else:
            self.say(f"{tag} NO not here")
            return True
        self.say(f"{tag} OK done")
        return command != "LOGOUT"

    def fetch(self, tag: str, uid: int, size: int) -> bool:
        if self.fetched == self.server.mailbox.drop_after:
            return False
        self.fetched += 1
        if uid in self.server.mailbox.messages:
            self.say(f"* 1 FETCH (UID {uid} BODY[]<0>", self.server.mailbox.messages[uid][:size], ")")
        self.say("* 2 FETCH (FLAGS (\\Recent))")
        self.say(f"{tag} OK done")
        return True


class ImapServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mailbox: Mailbox, tls: ssl.SSLContext) -> None:
        self.mailbox, self.tls = mailbox, tls
        super().__init__(("127.0.0.1", 0), Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that trusts no such certificate hangs up; that is what some tests want."""


def certificate(folder: Path) -> Path:
    """Certificate and key for 127.0.0.1 in one file, signed by themselves, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "imap.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@contextmanager
def imap_server(mailbox: Mailbox, folder: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port, and a context for clients that trusts this server's certificate."""
    file = certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    server = ImapServer(mailbox, tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], ssl.create_default_context(cafile=str(file))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
