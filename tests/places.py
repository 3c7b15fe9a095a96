"""Servers on loopback to bring digests from and to put a site to: an S3, and an SFTP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import eventually, listens


def free_port() -> int:
    """Give a port on loopback where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start an S3 with an empty bucket; give its URL."""
    moto = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=free_port())
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    storage = s3fs.S3FileSystem(skip_instance_cache=True)
    storage.mkdir("papers")
    try:
        yield "s3://papers"
    finally:
        storage.rm("papers", recursive=True)
        server.stop()


@contextmanager
def sftp(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start an SFTP server whose host is known; give the URL of its root.  Its keys and a home come to the folder."""
    pytest.importorskip("paramiko")
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or os.getuid() != 0:
        pytest.skip("no SSH server can be started")
    Path("/run/sshd").mkdir(exist_ok=True)
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)]
        subprocess.run(command, check=True)  # noqa: S603
    port = free_port()
    options = {
        "ListenAddress": "127.0.0.1",
        "Port": str(port),
        "HostKey": str(keys / "host"),
        "AuthorizedKeysFile": str(keys / "user.pub"),
        "PidFile": "none",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    (keys / "config").write_text("".join(f"{name} {value}\n" for name, value in options.items()), "utf-8")
    hosts = folder / "home" / ".ssh" / "known_hosts"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(f"[127.0.0.1]:{port} {(keys / 'host.pub').read_text('utf-8')}", "utf-8")
    monkeypatch.setenv("HOME", str(folder / "home"))
    command = [sshd, "-D", "-e", "-f", str(keys / "config")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
    assert eventually(lambda: listens(port))
    import fsspec.config
    from fsspec import get_filesystem_class

    monkeypatch.setitem(fsspec.config.conf, "sftp", {"key_filename": str(keys / "user")})
    get_filesystem_class("sftp").clear_instance_cache()
    try:
        yield f"sftp://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
