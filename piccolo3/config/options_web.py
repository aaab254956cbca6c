"""Every option of the file of the web front end, declared once."""

from __future__ import annotations

from piccolo3.config.declaration import Option, Section
from piccolo3.config.values import Boolean, Choice, Integer, Name, Number, Optional, Text, Texts, Words

__all__ = ["RIG_URL", "WEB"]

_PATH = Text("a path")
_HOST = Text("a name of a host without a port", r"[A-Za-z0-9.-]+")

RIG_URL = Text("a URL such as coap://rig.local or coap+tcp://10.0.0.2:5683", r"coap(\+tcp)?://[^\s/]+/?")

_HTTP = Section(
    name="http",
    text="Where browsers and programs reach the front end, and who may do so.",
    options=(
        Option(
            name="address",
            kind=Text("an address of this computer, such as 127.0.0.1 or ::", r"[0-9A-Za-z.:%_-]+"),
            default_value="127.0.0.1",
            text="The address to listen at. `::` is every network; that needs a password (`piccolo3-web passwd`), "
            "unless `anonymous` says otherwise.",
        ),
        Option(name="port", kind=Integer(minimum=1, maximum=65535), default_value=8080, text="The TCP port."),
        Option(
            name="certificate",
            kind=Optional(_PATH, ""),
            text="The file with the certificate (PEM, with its chain) for HTTPS; empty means HTTP.",
        ),
        Option(name="key", kind=Optional(_PATH, ""), text="The file with the private key of the certificate (PEM)."),
        Option(
            name="users",
            kind=_PATH,
            default_value="piccolo-web.users",
            text="The file with users and hashes of their passwords, which `piccolo3-web passwd` writes.",
        ),
        Option(
            name="anonymous",
            kind=Choice(("nobody", "look", "operate")),
            default="`operate` while there are no users and the address is that of this computer alone, else `nobody`",
            text="What somebody may do without a password.",
        ),
        Option(
            name="hosts",
            kind=Texts(_HOST),
            default_value=(),
            text="Names, apart from that of this computer, by which browsers may ask for the front end.",
        ),
        Option(
            name="documentation",
            kind=Boolean(),
            default_value=True,
            text="Whether there is a page that describes the HTTP interface.",
        ),
    ),
)

_SESSIONS = Section(
    name="sessions",
    text="How long somebody stays logged in.",
    options=(
        Option(
            name="idle",
            kind=Number(minimum=0.05, maximum=720, unit="h"),
            default_value=12.0,
            text="After this time without a request it ends.",
        ),
        Option(
            name="longest",
            kind=Number(minimum=0.05, maximum=8760, unit="h"),
            default_value=168.0,
            text="After this time it ends in any case.",
        ),
    ),
)

_RIGS = Section(
    name="rigs",
    text="The rigs that are shown; without any it is one at `coap://localhost`.",
    sections=(
        Section(
            name="RIG",
            text="One rig. The name of the section is part of the addresses of its pages.",
            names=Name(),
            options=(
                Option(
                    name="url",
                    kind=RIG_URL,
                    required=True,
                    text="Where its daemon is.",
                ),
                Option(name="title", kind=Words(), default_value="", default="the name", text="What people call it."),
            ),
        ),
    ),
)

_BRAND = Section(
    name="brand",
    text="How it looks.",
    options=(
        Option(name="name", kind=Words(), default_value="piccolo3", text="What stands at the top of every page."),
        Option(
            name="logo",
            kind=Optional(Text("a path of an .svg, .png or .jpg file", r".+\.(svg|png|jpe?g)"), ""),
            text="A picture to stand beside the name.",
        ),
        Option(
            name="colour",
            kind=Text("a colour such as #0b6e4f, in quotes", r"#[0-9A-Fa-f]{6}"),
            default_value="#0b6e4f",
            text="The colour of the bar at the top and of the main buttons.",
        ),
        Option(
            name="theme",
            kind=Choice(("auto", "light", "dark")),
            default_value="auto",
            text="The theme for those who have not chosen one: light (for sunlight), dark, or as the device has it.",
        ),
        Option(
            name="templates",
            kind=Optional(_PATH, ""),
            text="A folder with templates that take the place of those of the package.",
        ),
    ),
)

WEB = Section(
    name="",
    text="The file of the web front end, given with `piccolo3-web -c`. A relative path in it starts from its folder.",
    sections=(_HTTP, _RIGS, _SESSIONS, _BRAND),
)
