"""All mail servers of the world outside the MTA: they answer by address and recipient, and collect what comes back.

Usage: sink.py FOLDER. A mail for bounces+CASE@bounce.sender.example becomes FOLDER/CASE.ACTION.eml, byte for byte as it came over
the wire, and FOLDER/CASE.ACTION.env with its envelope. ACTION is that of the report's first recipient, "nodsn" for a bounce without
one, and left out for any other mail.
"""

import asyncio
import email.parser
import email.policy
import os
import re
import sys

COLLECTOR = "192.0.2.25"
REMOTE = "198.51.100.25"
CLOSED = "198.51.100.26"
BUSY = "198.51.100.27"
SILENT = "198.51.100.28"
DSN = "198.51.100.29"

NAMES = {
    COLLECTOR: "collector.bounce.sender.example",
    REMOTE: "mx1.remote.example",
    CLOSED: "mx.closed.example",
    BUSY: "mx.busy.example",
    SILENT: "mx.silent.example",
    DSN: "mx.dsn.example",
}

NO_USER = "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table"

# What RCPT is answered with, by the local part of the recipient without its +detail.
RCPT = {
    "nouser": NO_USER,
    "no user": "550 5.1.1 <{rcpt}>... User unknown",
    "pélé": NO_USER,
    "nocode": "550 No such user here",
    "multiline": "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n"
    "550-5.1.1 double-checking the recipient's email address for typos or\r\n"
    "550-5.1.1 unnecessary spaces. For more information, go to\r\n"
    "550 5.1.1  https://support.remote.example/?p=NoSuchUser 6a1803df08f44-7 - smtp",
    "disabled": "550 5.2.1 The email account that you tried to reach is disabled.",
    "moved": "551 5.1.6 User has moved; please try <moved@elsewhere.example>",
    "overquota": "552 5.2.2 <{rcpt}>: Recipient address rejected: Mailbox full, quota exceeded",
    "relay": "554 5.7.1 <{rcpt}>: Relay access denied",
    "listed": "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using dnsbl.lists.example; https://lists.example/query/192.0.2.10",
    "policy": "550 5.7.26 Unauthenticated email from sender.example is not accepted due to domain's DMARC policy.",
    "full": "452 4.2.2 The email account that you tried to reach is over quota.",
    "grey": "451 4.7.1 <{rcpt}>: Recipient address rejected: Greylisted, see https://postgrey.example/help",
    "ratelimit": "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
}
# What the end of DATA is answered with.
DATA = {
    "spam": "554 5.7.1 Message rejected as spam by Content Filtering.",
    "toobig": "552 5.3.4 Message size exceeds fixed maximum message size",
}
GREYLISTED_FIRST = 3  # so often "later" is told to come again

attempts = {}


def base(rcpt):
    """The local part of an address that the tables above know."""
    return rcpt.rpartition("@")[0].strip('"').partition("+")[0].lower()


def answer_rcpt(host, rcpt):
    if rcpt.endswith("@bounce.sender.example"):
        return "250 2.1.5 Ok"
    local = base(rcpt)
    if local == "later":
        attempts[rcpt] = attempts.get(rcpt, 0) + 1
        if attempts[rcpt] <= GREYLISTED_FIRST:
            return "451 4.3.0 <{rcpt}>: Temporary lookup failure".format(rcpt=rcpt)
    return RCPT.get(local, "250 2.1.5 Ok").format(rcpt=rcpt)


def action(mail):
    """How the name of the file tells what the mail is."""
    found = re.search(rb"^Action:\s*([A-Za-z]+)", mail, re.MULTILINE | re.IGNORECASE)
    if found:
        return "." + found.group(1).decode().lower()
    sender = str(email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(mail).get("From", "")).lower()
    return ".nodsn" if "mailer-daemon" in sender else ""


class Collector:
    def __init__(self, folder):
        self.folder = folder

    def keep(self, envelope, rcpt, mail):
        case = base(rcpt) if "+" not in rcpt else rcpt.partition("+")[2].rpartition("@")[0]
        stem = re.sub(r"[^A-Za-z0-9-]", "_", case) + action(mail)
        path, number = os.path.join(self.folder, stem), 1
        while os.path.exists(path + ".eml"):
            number += 1
            path = os.path.join(self.folder, "%s.%d" % (stem, number))
        with open(path + ".env", "wb") as f:
            f.write(envelope)
        with open(path + ".eml", "wb") as f:
            f.write(mail)


class Conversation:
    def __init__(self, collector, reader, writer):
        self.collector, self.reader, self.writer = collector, reader, writer
        self.host = writer.get_extra_info("sockname")[0]
        self.reset()

    def reset(self):
        self.envelope, self.rcpts = b"", []

    async def say(self, line):
        self.writer.write(line.encode("utf-8", "surrogateescape") + b"\r\n")
        await self.writer.drain()

    async def run(self):
        name = NAMES[self.host]
        if self.host == SILENT:
            await self.reader.read()
            return
        if self.host == CLOSED:
            await self.say("554 5.3.2 %s No SMTP service here" % name)
            await self.reader.readline()
            return
        if self.host == BUSY:
            await self.say("421 4.7.0 %s Too many connections from your host, try again later" % name)
            return
        await self.say("220 %s ESMTP" % name)
        while line := await self.reader.readline():
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = text.partition(" ")[0].upper()
            if verb == "QUIT":
                await self.say("221 2.0.0 Bye")
                return
            await self.command(verb, text, name)

    async def command(self, verb, text, name):
        if verb == "EHLO":
            offers = ["ENHANCEDSTATUSCODES", "8BITMIME", "SIZE 10485760"]
            offers += {DSN: ["DSN", "SMTPUTF8"], COLLECTOR: ["SMTPUTF8"]}.get(self.host, [])
            await self.say("\r\n".join("250-" + o for o in [name] + offers[:-1]) + "\r\n250 " + offers[-1])
        elif verb == "MAIL":
            self.reset()
            await self.keep_envelope(text)
            await self.say("250 2.1.0 Ok")
        elif verb == "RCPT":
            found = re.search(r"<(.*)>", text)
            rcpt = found.group(1) if found else ""
            answer = answer_rcpt(self.host, rcpt)
            if answer.startswith("2"):
                self.rcpts.append(rcpt)
                await self.keep_envelope(text)
            await self.say(answer)
        elif verb == "DATA":
            await self.data()
        elif verb == "RSET":
            self.reset()
            await self.say("250 2.0.0 Ok")
        elif verb in ("HELO", "NOOP"):
            await self.say("250 " + name)
        else:
            await self.say("502 5.5.2 Error: command not recognized")

    async def keep_envelope(self, text):
        path, _, params = text.partition(">")
        self.envelope += (path + "> " + params.strip() + "\n").encode("utf-8", "surrogateescape")

    async def data(self):
        if not self.rcpts:
            await self.say("554 5.5.1 Error: no valid recipients")
            return
        await self.say("354 End data with <CR><LF>.<CR><LF>")
        mail = b""
        while (line := await self.reader.readline()) not in (b".\r\n", b""):
            mail += line[1:] if line.startswith(b".") else line
        answer = next((DATA[base(r)] for r in self.rcpts if base(r) in DATA), "250 2.0.0 Ok: queued as 1A201BAE887")
        if answer.startswith("2"):
            for rcpt in self.rcpts:
                if rcpt.endswith("@bounce.sender.example"):
                    self.collector.keep(self.envelope, rcpt, mail)
        self.reset()
        await self.say(answer)


async def main(folder):
    collector = Collector(folder)

    async def serve(reader, writer):
        try:
            await Conversation(collector, reader, writer).run()
        except ConnectionError:
            pass
        finally:
            writer.close()

    servers = [await asyncio.start_server(serve, host, 25, limit=64 << 20) for host in NAMES]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(sys.argv[1]))
