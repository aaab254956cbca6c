"""Who is let in, and what is kept out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from piccolo3.clock import ManualClock
from piccolo3.errors import ConfigurationError, InvalidValue
from piccolo3.web.pages import PAGES
from piccolo3.web.sessions import Throttle
from piccolo3.web.users import Role, Users

PASSWORD = "correct horse battery"
Make = Callable[..., TestClient]


def log_in(client: TestClient, name: str = "anna", password: str = PASSWORD) -> int:
    return client.post("/login", data={"name": name, "password": password}).status_code


def token(client: TestClient) -> str:
    found = re.search('name="csrf" content="([^"]*)"', client.get("/r/rig/now").text)
    assert found
    return found[1]


def test_without_a_password_there_is_nothing_to_see(make: Make) -> None:
    client = make()
    assert client.get("/r/rig/api/control/status").status_code == 401
    assert client.get("/metrics").status_code == 401
    page = client.get("/r/rig/now", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")


def test_log_in_and_out(make: Make) -> None:
    client = make()
    assert log_in(client) == 303
    cookie = client.post("/login", data={"name": "anna", "password": PASSWORD}, headers={"x-csrf": "x"}).headers
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie["set-cookie"]
    assert client.get("/r/rig/now").status_code == 200
    old = dict(client.cookies)
    assert client.post("/logout", headers={"x-csrf": token(client)}).status_code == 303
    assert client.get("/r/rig/now", headers={"cookie": f"piccolo={old['piccolo']}"}).status_code == 401


def test_a_wrong_password_and_an_unknown_name_look_the_same(make: Make) -> None:
    client = make()
    wrong = client.post("/login", data={"name": "anna", "password": "wrong password"})
    unknown = client.post("/login", data={"name": "nobody", "password": "wrong password"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text


def test_many_wrong_passwords_have_to_wait(make: Make, clock: ManualClock) -> None:
    client = make()
    assert [log_in(client, password="wrong password") for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client) == 429  # the right one, too
    clock.advance(61)
    assert log_in(client) == 303


def test_others_may_try_meanwhile() -> None:
    throttle = Throttle(ManualClock())
    for _ in range(5):
        throttle.failed("2001:db8::1")
    assert throttle.wait("2001:db8::2") > 0  # of the same network
    assert throttle.wait("10.0.0.1") == 0


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "A" * 5000, "\u00e4", "../..", "null"])
def test_forged_sessions(make: Make, cookie: str) -> None:
    client = make()
    header = f"piccolo={cookie}".encode("latin-1")
    assert client.get("/r/rig/now", headers={b"cookie": header}).status_code == 401


def test_sessions_end(make: Make, clock: ManualClock) -> None:
    client = make()
    log_in(client)
    clock.advance(11 * 3600)
    assert client.get("/r/rig/now").status_code == 200
    clock.advance(13 * 3600)
    assert client.get("/r/rig/now").status_code == 401


def test_sessions_end_when_the_password_changes(make: Make, tmp_path: Path) -> None:
    client = make()
    log_in(client)
    Users(tmp_path / "piccolo-web.users").put("anna", Role.OPERATE, "another password")
    assert client.get("/r/rig/now").status_code == 401


def test_changes_need_the_token_of_the_session(make: Make) -> None:
    client = make()
    log_in(client)
    call = "/r/rig/api/control/make_safe"
    for headers in ({}, {"x-csrf": ""}, {"x-csrf": "x" * 43}):
        assert client.post(call, headers=headers).status_code == 403
    assert client.post(call, headers={"x-csrf": token(client)}).status_code == 504  # let through; there is no rig


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://localhost"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_pages_of_others_change_nothing(make: Make, headers: dict[str, str]) -> None:
    client = make(users=False)
    assert client.post("/r/rig/api/control/make_safe", headers=headers).status_code == 403
    assert client.post("/login", headers=headers).status_code == 403
    assert client.post("/r/rig/api/control/make_safe").status_code == 504


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "a@localhost", "", "]["])
def test_names_that_are_not_ours(make: Make, host: str) -> None:
    assert make(users=False).get("/r/rig/now", headers={"host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.4.1:80"])
def test_addresses_are_ours(make: Make, host: str) -> None:
    assert make(users=False).get("/r/rig/now", headers={"host": host}).status_code == 200


def test_programs_give_name_and_password(make: Make) -> None:
    client = make()
    assert client.get("/r/rig/now", auth=("otto", PASSWORD)).status_code == 200
    assert client.get("/r/rig/now", auth=("otto", "wrong password")).status_code == 401
    assert client.get("/r/rig/now", headers={"authorization": "Basic %%%"}).status_code == 401


def test_huge_bodies(make: Make) -> None:
    client = make(users=False)
    big = b"x" * (1 << 17)
    assert client.post("/login", content=big).status_code == 413
    assert client.post("/login", content=iter([big])).status_code == 413  # without a length
    assert client.post("/login", content=b"x", headers={"content-length": "9" * 30}).status_code == 413


def test_forms_with_too_many_fields(make: Make) -> None:
    assert make().post("/login", content="&".join(f"a{n}=1" for n in range(5000))).status_code == 400


@pytest.mark.parametrize("path", ["/r/rig/now", "/login", "/static/js/api.js", "/r/rig/api/x", "/nothing"])
def test_browsers_are_told_to_be_strict(make: Make, path: str) -> None:
    headers = make(users=False).get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_pages_hold_no_scripts_and_nothing_from_outside(make: Make) -> None:
    client = make(users=False)
    for path in (*(f"/r/rig/{name}" for name, _ in PAGES), "/login"):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert not re.search(r"\son\w+=|style=|<style|javascript:", text)
        assert not re.search(r"(src|href|action)=\"(https?:)?//", text)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../main.py",
        "/static/%2e%2e/main.py",
        "/static/..%2fmain.py",
        "/static//etc/passwd",
        "/brand/../main.py",
    ],
)
def test_no_way_out_of_static(make: Make, path: str) -> None:
    assert make(users=False).get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/r/rig/download/..%2f..%2fetc/passwd.pico", "/r/rig/download/%2e%2e.zip", "/r/rig/download?run=../x"]
)
def test_path_tricks_in_downloads(make: Make, path: str) -> None:
    assert make(users=False).get(path).status_code in (400, 404, 504)


def test_cookies_of_https_are_for_https_alone(make: Make, tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    client = make("[rigs]\n[[rig]]\nurl = coap://[::1]:9\n[http]\ncertificate = cert.pem\nkey = key.pem\n")
    client.base_url = "https://localhost"
    answer = client.post("/login", data={"name": "anna", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-piccolo=")
    for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["strict-transport-security"]
    assert client.get("/r/rig/now").status_code == 200


def test_whoever_logs_in_gets_a_new_session(make: Make) -> None:
    client = make()
    log_in(client)
    first = client.cookies["piccolo"]
    log_in(client)
    assert client.cookies["piccolo"] != first
    assert client.get("/r/rig/now", headers={"cookie": f"piccolo={first}"}).status_code == 401


def test_a_title_with_a_script_in_it(make: Make) -> None:
    title = "<script>alert(1)</script>"
    client = make(
        f"[rigs]\n[[rig]]\nurl = coap://[::1]:9\ntitle = '{title}'\n[[two]]\nurl = coap://[::1]:9\n", users=False
    )
    for path in ("/r/rig/now", "/rigs"):
        text = client.get(path).text
        assert title not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/r/rig/docs", 504, "[::1]:9"),
        ("/r/none/now", 404, "there is no rig &#39;none&#39;"),
        ("/r/rig/download/x.zip", 504, "[::1]:9"),
        ("/nothing", 404, "there is no such page"),
        ("/r/rig/<script>", 404, "there is no such page"),
    ],
)
def test_people_are_told_on_a_page_what_is_wrong(make: Make, path: str, status: int, words: str) -> None:
    client = make(users=False)
    answer = client.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in answer.text
    assert "To the first page" in answer.text
    program = client.get(path)
    assert (program.status_code, sorted(program.json())[:1]) == (status, ["error"])


@pytest.mark.parametrize("path", ["/r/rig/api/control/status", "/r/rig/api/description", "/r/rig/api/spectra"])
def test_programs_are_told_in_json_whatever_they_accept(make: Make, path: str) -> None:
    answer = make(users=False).get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()["error"]) == (504, "ConnectionFailed")


def test_methods_that_there_are_not(make: Make) -> None:
    answer = make(users=False).delete("/r/rig/now")
    assert (answer.status_code, answer.json()["error"]) == (405, "Refused")
    assert "GET" in answer.headers["allow"]


def test_look_is_not_operate(make: Make) -> None:
    client = make()
    log_in(client, "otto")
    assert 'name="operate" content="no"' in client.get("/r/rig/now").text


def test_a_brand(make: Make, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/login.html").write_text("{{ brand.name }}")
    client = make(
        "[rigs]\n[[rig]]\nurl = coap://[::1]:9\n"
        "[brand]\nname = <b>Institute</b>\nlogo = logo.svg\ncolour = '#ffee00'\ntheme = dark\ntemplates = own\n"
    )
    now = client.get("/r/rig/now", auth=("otto", PASSWORD)).text
    assert '<html lang="en" data-theme="dark">' in now
    assert "&lt;b&gt;Institute&lt;/b&gt;</title>" in now
    assert '<img src="/brand/logo" alt="">' in now
    assert client.get("/login").text == "&lt;b&gt;Institute&lt;/b&gt;"
    assert "--brand:#ffee00;--on-brand:#000" in client.get("/brand/colours.css").text
    assert "sandbox" in client.get("/brand/logo").headers["content-security-policy"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_passwords_that_root_sets_can_be_read_by_the_service(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    users = Users(tmp_path / "users")
    for name in ("anna", "otto"):
        users.put(name, Role.LOOK, PASSWORD)
        found = users.path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o600)


def test_the_file_of_users_is_for_its_owner_alone(tmp_path: Path) -> None:
    users = Users(tmp_path / "users")
    users.put("anna", Role.LOOK, PASSWORD)
    assert users.path.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in users.path.read_text()
    users.path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others must not read it"):
        Users(users.path).all()
    with pytest.raises(InvalidValue, match="at least 8"):
        Users(tmp_path / "other").put("anna", Role.LOOK, "short")
