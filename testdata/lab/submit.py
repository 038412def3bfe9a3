"""Sends the mails that the recorded reports are about, one for each cause.

Usage: submit.py [--sendmail] [--pause SECONDS] GROUP|CASE…
Each mail has the sender bounces+CASE@bounce.sender.example, so that what comes back names its cause. They go to port 25 of this
host, or, with --sendmail, through the MTA's sendmail command.
"""

import argparse
import email.utils
import smtplib
import subprocess
import time

# The body of a mail that has two parts.
ALTERNATIVE = b"""Content-Type: multipart/alternative; boundary="=_b1"\r
\r
--=_b1\r
Content-Type: text/plain; charset=us-ascii\r
\r
Hello, your order 1042 has shipped.\r
--=_b1\r
Content-Type: text/html; charset=us-ascii\r
\r
<p>Hello, your order <b>1042</b> has shipped.</p>\r
--=_b1--\r
"""
PLAIN = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nHello, your order 1042 has shipped.\r\n"
UTF8 = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nBonjour, votre commande a été expédiée.\r\n".encode()
LATIN1 = (
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nVotre commande a =E9t=E9 exp=E9di=E9e.\r\n"
)

SUBJECT = "Your order 1042 has shipped"
ENCODED = "=?iso-8859-1?Q?Votre_commande_n=B0_1042_a_=E9t=E9_exp=E9di=E9e?="
FRENCH = "Votre commande n° 1042 a été expédiée"


class Case:
    def __init__(self, name, *rcpts, mail="", rcpt="", author="orders@sender.example", subject=SUBJECT, body=PLAIN, without=()):
        self.name, self.rcpts, self.mail, self.rcpt = name, rcpts, mail, rcpt
        self.author, self.subject, self.body, self.without = author, subject, body, without

    @property
    def sender(self):
        return "bounces+%s@bounce.sender.example" % self.name

    def message(self):
        header = [
            ("From", '"Example Shop" <%s>' % self.author),
            ("To", ", ".join("<%s>" % r for r in self.rcpts)),
            ("Subject", self.subject),
            ("Date", email.utils.formatdate()),
            ("Message-ID", "<%s.1042@shop.sender.example>" % self.name),
            ("MIME-Version", "1.0"),
            ("X-Campaign", "spring-2025"),
            ("List-Unsubscribe", "<mailto:unsubscribe@sender.example?subject=%s>" % self.name),
            ("Feedback-ID", "spring-2025:shop:order:sender"),
        ]
        lines = ["%s: %s\r\n" % field for field in header if field[0] not in self.without]
        return "".join(lines).encode() + self.body


def remote(*names, body=PLAIN):
    return [Case(name, name + "@remote.example", body=body) for name in names]


GROUPS = {
    # refused for good by another server
    "permanent": remote("nouser", "nocode", "disabled", "moved", "overquota", "relay", "listed", "policy", "toobig")
    + remote("multiline", "spam", body=ALTERNATIVE)
    + [
        Case("many", "nouser@remote.example", "overquota@remote.example", "ok@remote.example", "policy@remote.example", "anyone@no-such-domain.example"),
        Case("plus", "NoUser+spring=2025@Remote.Example"),
        Case("longaddr", "nouser+%s@remote.example" % ("a" * 50)),
        Case("quoted", '"no user"@remote.example'),
        Case("nomsgid", "nouser@remote.example", without=("Message-ID",)),
        Case("rfc2047", "nouser@remote.example", subject=ENCODED, body=LATIN1),
        Case("nxdomain", "anyone@no-such-domain.example"),
    ],
    # put off until the queue gives up
    "temporary": remote("full", "grey", "ratelimit"),
    # no conversation comes about
    "connection": [Case(name, "anyone@%s.example" % name) for name in ("closed", "busy", "silent", "refused", "unreach", "nullmx")],
    # what the sender asks for (RFC 3461)
    "notify": [
        Case("dsnfull", "nouser@remote.example", mail="RET=FULL ENVID=QQ314159+2B7", rcpt="NOTIFY=FAILURE ORCPT=rfc822;No+2BUser@remote.example", body=ALTERNATIVE),
        Case("dsnhdrs", "nouser@remote.example", mail="RET=HDRS ENVID=0100018f-7a1b-4c1e-000000", rcpt="NOTIFY=FAILURE,DELAY", body=ALTERNATIVE),
        Case("never", "nouser@remote.example", rcpt="NOTIFY=NEVER"),
        Case("success", "carol@sender.example", mail="ENVID=succ-1", rcpt="NOTIFY=SUCCESS"),
        Case("relayed", "ok@remote.example", rcpt="NOTIFY=SUCCESS"),
        Case("expanded", "team@sender.example", rcpt="NOTIFY=SUCCESS"),
        Case("later", "later@remote.example", rcpt="NOTIFY=SUCCESS,FAILURE,DELAY"),
    ],
    # the MTA's own delivery fails
    "local": [Case("localunknown", "nobody.here@sender.example"), Case("loop", "loop@sender.example"), Case("pipe", "pipe@sender.example")],
    # users of mta/exim4: one over the quota, one whose filter answers
    "exim": [Case("localquota", "full@sender.example"), Case("exim-filter", "away@sender.example")],
    # addresses and headers in UTF-8 (RFC 6531)
    "utf8": [
        Case("utf8", "nouser@remote.example", mail="SMTPUTF8 BODY=8BITMIME", subject=FRENCH, body=UTF8),
        Case("utf8rcpt", "pélé@remote.example", mail="SMTPUTF8 BODY=8BITMIME", subject=FRENCH, body=UTF8),
        Case("utf8nouser", "pélé@dsn.example", mail="SMTPUTF8 BODY=8BITMIME", subject=FRENCH, body=UTF8),
    ],
    # mailboxes of a provider, see mta/provider
    "provider": [
        Case(name, name + "@provider.example", body=ALTERNATIVE)
        for name in ("report-abuse", "report-fraud", "report-not-spam", "reject", "quota", "forwarded", "nobody")
    ]
    # no vacation program answers mail of a list; mailbot answers the author, not the sender
    + [
        Case(name, name + "@provider.example", author="bounces+%s@bounce.sender.example" % name, without=("List-Unsubscribe", "Feedback-ID"))
        for name in ("vacation", "vacation-bsd", "formail", "mailbot")
    ],
}


def by_smtp(case):
    """Sends by hand what smtplib does not: parameters of one recipient, and UTF-8 addresses."""
    with smtplib.SMTP("127.0.0.1", 25, "app.sender.example", timeout=30) as smtp:
        smtp.command_encoding = "utf-8"
        smtp.ehlo()
        offered = {"DSN": smtp.has_extn("dsn"), "UTF8": smtp.has_extn("smtputf8")}
        if "SMTPUTF8" in case.mail and not offered["UTF8"]:
            return "not offered: SMTPUTF8"
        plain_dsn = case.mail and "SMTPUTF8" not in case.mail or case.rcpt
        mail, rcpt = ("", "") if plain_dsn and not offered["DSN"] else (case.mail, case.rcpt)
        answers = [smtp.docmd("MAIL", ("FROM:<%s> %s" % (case.sender, mail)).rstrip())]
        answers += [smtp.docmd("RCPT", ("TO:<%s> %s" % (to, rcpt)).rstrip()) for to in case.rcpts]
        if any(code == 250 for code, _ in answers[1:]):
            answers.append(smtp.data(case.message()))
        return " | ".join("%d %s" % (code, text.decode("utf-8", "replace")) for code, text in answers)


def by_command(case):
    done = subprocess.run(["/usr/sbin/sendmail", "-f", case.sender, *case.rcpts], input=case.message().replace(b"\r\n", b"\n"), capture_output=True)
    return "%d %s" % (done.returncode, done.stderr.decode("utf-8", "replace").strip())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sendmail", action="store_true", help="through the sendmail command")
    parser.add_argument("--pause", type=float, default=0, help="seconds between two mails")
    parser.add_argument("names", nargs="+", metavar="GROUP|CASE")
    args = parser.parse_args()
    cases = {case.name: [case] for group in GROUPS.values() for case in group}
    for name in args.names:
        for case in GROUPS.get(name) or cases[name]:
            print(case.name, (by_command if args.sendmail else by_smtp)(case), flush=True)
            time.sleep(args.pause)


main()
