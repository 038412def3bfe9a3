package plaintext

// returnedMarks begin the lines that announce the returned mail, without the
// dashes around them.
var returnedMarks = []string{
	"below this line is a copy of the message",
	"below the next line is a copy of the message",
	"below is a copy of the original message",
	"enclosed is a copy of the message",
	"this is a copy of the message",
	"this is a copy of your message",
	"the body of the message is",
	"included is a copy of the message",
	"included is the message",
	"original message",
	"original mail",
	"original email",
	"original headers",
	"unsent message",
	"undelivered message",
	"undeliverable message follows",
	"returned message",
	"returned mail follows",
	"returned content",
	"start of returned message",
	"message header",
	"message text follows",
	"message follows",
	"message body follows",
	"message contents",
	"message non-deliverable",
	"mail header",
	"the header of the original message",
	"the headers of the original message",
	"the following is the original",
	"the unsent message",
	"header of the original message",
	"headers of the original message",
	"received headers",
	"copy of the message",
	"copy of your message",
	"old message",
	"forwarded message",
	"begin original message",
	"beginning of the original",
	"possibly truncated original message",
	"rejected message",
	"failed message",
	"ursprüngliche nachricht",
	"kopfzeilen der ursprünglichen nachricht",
	"die ursprüngliche nachricht",
	"originalnachricht",
	"en-têtes de message d'origine",
	"en-têtes du message d’origine",
	"message d'origine",
	"message original",
	"copie du message",
	"mensaje original",
	"encabezados de mensaje original",
	"mensagem original",
	"messaggio originale",
	"oorspronkelijk bericht",
	"исходное сообщение",
	"копия письма",
	"元のメッセージ",
	"オリジナルメッセージ",
	"元のメール",
	"原始邮件",
	"原始郵件",
	"邮件原文",
	"原邮件",
}

// failurePhrases say that a mail was not delivered.
var failurePhrases = []string{
	"could not be delivered", "couldn't be delivered", "couldn’t be delivered", "could not deliver",
	"cannot be delivered", "can not be delivered", "can't be delivered", "not be delivered", "was not delivered", "were not delivered",
	"been delivered to one or more", "not yet been delivered", "has not been delivered", "not delivered to",
	"unable to deliver", "unable to send", "able to deliver your message", "not able to deliver", "trouble delivering", "error delivering",
	"trying to deliver", "attempting to deliver", "attempted to deliver", "attempt to deliver",
	"problem delivering", "problems delivering", "failed to deliver", "fail to deliver", "delivery problems", "delivery errors", "delivery error",
	"delivery to the following", "delevery to the following", "delivery of your message", "delivery of the message", "delivery of this message",
	"delivery failed", "delivery has failed", "delivery have failed", "delivery failure", "delivery attempt", "failed delivery",
	"did not reach the following", "did not reach some or all", "could not be reached", "not receive this message", "not receive a copy",
	"undeliverable", "undelivered", "nondeliverable", "non-deliverable", "not deliverable", "non-delivery",
	"failed permanently", "permanent error", "permanent failure", "permanent fatal", "fatal errors", "fatal error", "transient non-fatal errors",
	"transcript of session follows", "session transcript", "could not be sent", "couldn't be sent", "message was not sent", "not been sent",
	"failed addresses", "failed recipients", "failure reasons", "address(es) failed", "address failed", "addresses failed", "recipients failed",
	"returned to sender", "returned to you", "is being returned", "returning to sender", "rejected recipient", "was rejected", "been rejected",
	"remote host said", "error message below", "duplicated message-id", "mailbox is full", "mailbox exceeds", "over quota", "mailbox full", "delivered to mobile",
	"user unknown", "unknown user", "unknown host", "unknown recipient", "address not found", "couldn't be found", "wasn't found", "wasn’t found",
	"may not exist, or you may not have permission", "not been delivered",
	"still undelivered", "has been delayed", "is delayed", "is still being", "will be retried", "sent <<<", "server message",
	"address rejected", "no such user", "not listed in", "recipients were affected",
	"konnte nicht zugestellt", "konnte nicht gesendet", "nicht zugestellt werden", "nicht zustellbar", "unzustellbar", "fehler bei der zustellung", "zustellung fehlgeschlagen",
	"n'a pas pu être remis", "n’a pas pu être remis", "n'a pas pu être délivré", "n'a pas pu être distribué", "n'ont pas pu être remis", "pas été remis", "n'a pas été remis", "échec de la remise", "non remis", "non distribu", "impossible de remettre", "peut pas être remis",
	"no se pudo entregar", "no pudo ser entregado", "no se entregó", "error al entregar", "no puede ser entregado",
	"non può essere consegnato", "impossibile consegnare", "impossibile recapitare", "mancato recapito", "non recapitabile",
	"não pôde ser entregue", "não pode ser entregue", "não foi entregue", "falha na entrega", "nao pode ser entregue",
	"kon niet worden", "niet bezorgd", "onbestelbaar", "kunne ikke leveres", "kunde inte levereras", "ei voitu toimittaa",
	"nie może zostać dostarczon", "nie została dostarczona", "nie można dostarczyć", "nelze doručit", "nebylo možné doručit", "nem sikerült", "teslim edilemedi", "iletilemedi",
	"не может быть доставлено", "не было доставлено", "не доставлено", "не удалось доставить", "не доставлен", "недоставл", "невозможно доставить",
	"送信できません", "配信できません", "配送できません", "お届けできません", "送信に失敗", "配信に失敗", "届けることができません", "送れません", "配信不能", "配達できません",
	"无法投递", "无法送达", "无法发送", "未能送达", "投递失败", "发送失败", "退信", "無法傳送", "無法送達", "無法遞送", "传送失败", "未送达", "被退回",
	"전송하지 못했", "전달되지 않았", "배달하지 못했", "전송 실패",
}

// subjectPhrases stand in the subjects of bounces.
var subjectPhrases = []string{
	"returned mail", "return mail", "returned to sender", "returning message to sender", "returned email", "returned message", "returning to sender",
	"undeliver", "nondeliver", "non-deliver", "non deliver", "not deliver", "non remis", "nondelivery", "non-delivery", "non-remise",
	"delivery failure", "delivery failed", "delivery fail", "delivery has failed", "delivery status", "delivery notification", "delivery problem",
	"delivery error", "delivery report", "delivery delayed", "delivery incomplete", "delivery warning", "delivery system", "delivery subsystem", "delivery unsuccessful",
	"failed delivery", "failed mail", "failed message", "mail delivery", "mail failed", "mail failure", "mail error", "mail system error", "message delayed",
	"failure notice", "failure notification", "failure delivery", "could not be delivered", "couldn't be delivered", "could not send", "cannot send",
	"couldn’t be delivered", "could not be sent", "unable to deliver", "error sending your mail", "mail rejected", "rejected mail", "message rejected", "message you sent",
	"bounced mail", "bounce:", "[bounce]", "bounce message", "nde:", "ndn:", "ndr:", "delayed mail", "delayed message", "warning: message", "warning: could not send", "warning from",
	"user unknown", "unknown user", "host unknown", "address not found", "mailbox full", "mailbox is full", "message blocked", "wasn't delivered", "was not delivered",
	"permanent delivery", "permanent error", "permanent failure", "mail could not", "loop alert", "unknown mail alert", "dsn:", "delayed 24 hours", "delayed:",
	"unzustellbar", "nicht zustellbar", "zustellung", "rückgabe", "fehler beim senden", "échec", "échec de", "retour de courrier", "message non", "impossible de remettre",
	"no se puede entregar", "no se pudo entregar", "no entregado", "no entregable", "devuelto", "error de entrega", "notificación de estado",
	"mancato recapito", "non recapitabile", "mancata consegna", "consegna fallita", "não entregue", "não foi entregue", "falha na entrega", "não pode ser entregue", "devolvida",
	"onbestelbaar", "niet bezorgd", "olevererbar", "kan inte levereras", "ikke leveret", "ei voitu toimittaa", "niedostarczon", "nie dostarczono", "nedoručiteln", "kézbesíthetetlen", "iletilemedi", "teslim edilemedi",
	"не доставлено", "недоставл", "не может быть доставлено", "невозможно доставить", "ошибка доставки",
	"配信不能", "配信エラー", "送信エラー", "不達", "配送エラー", "届けられません", "配信できません", "送信できません", "エラーメール", "戻り", "返送",
	"退信", "投递失败", "未能送达", "无法送达", "发送失败", "无法投递", "退回", "無法傳遞", "無法遞送", "傳送失敗", "반송", "전송 실패", "배달 실패",
}

// systemNames stand in the From field of mail systems and nowhere else.
var systemNames = []string{
	"mailer-daemon", "mailer daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster", "post_master", "post-master", "post master",
	"mail delivery", "maildelivery", "mail.delivery", "delivery subsystem", "delivery system", "mail system", "mail-system", "mailsystem", "mail administrator", "mailadmin",
	"system administrator", "systemadministrator", "administrador del sistema", "administrateur système", "amministratore di sistema", "internet mail delivery", "message router", "mail router",
	"mmdf", "interscan", "x500-mail", "mail-returned", "mailerror", "returnmail", "delivery-status", "<>",
}

// robotNames stand in the From field of mail systems and of much other mail.
var robotNames = []string{"bounce", "noreply", "no-reply", "no_reply", "daemon@", "error@", "smtp@", "mta@", "administrator", "mailadm", "notification"}

// delayPhrases say that the mail is still being tried.
var delayPhrases = []string{
	"this is a warning message only", "this is a warning only", "do not need to resend", "do not need to re-send", "only a temporary failure report",
	"delivery attempts will continue", "will be retried until", "will be retried for", "still being retried", "not yet been delivered", "has been delayed:", "recipient has been delayed",
	"recipients has been delayed", "recipients have been delayed", "delay reason:", "transient non-fatal errors", "we will keep trying", "will keep trying to deliver", "will continue to be attempted",
	"will try again", "will continue trying", "still undelivered after", "continue to try to deliver", "is delayed for more than",
}

// namingWords stand in a line before the address of a recipient.
var namingWords = []string{
	"recipient", "rcpt to", "rcpt:", "addressed to", "undeliverable address", "undeliverable to", "deliver to", "deliver message to", "deliver your message to", "deliver mail to",
	"delivered to", "delivering your mail to", "delivering to", "delivery to", "delivery failed", "delivery has failed", "message to", "mail to", "email to", "mailbox",
	"unknown user", "user unknown", "unknown host", "unknown address", "address:", "address is", "following address", "user:", "user", "failed:", "failed address", "account", "sent to",
	"destinataire", "empfänger", "destinatario", "destinatário", "ontvanger", "odbiorca", "получател", "адресат",
	"宛先", "あて先", "送信先", "収信者", "受信者", "メールアドレス", "收件人", "收件者", "郵件地址", "收信人", "수신자", "받는 사람",
	"duplicated message-id in",
}

// asideWords stand in a line before an address that is not a recipient's.
var asideWords = []string{
	"from:", "from <", "mail from", "sender", "reply-to", "reply to", "return-path", "envelope-from", "envelope from", "message-id:", "references:", "in-reply-to",
	"forwarded to", "forwarding", "relayed to", "(from",
	"contact", "assistance", "support", "help", "please send", "please mail", "please forward", "write to", "questions", "problem report", "complain", "report to", "abuse", "more information",
	"instead", "new address", "your address", "you at", "hello ", "dear ", "hi ", "http://", "https://", "subject:", "cc:", "date:", "hola", "bonjour", "hallo", "authenticated as", "postmaster at",
	"an ihren", "wenden", "contactez", "póngase", "x-", "f=[", "by mail", "for help", "send mail to", "ご連絡", "お問い合わせ",
}

// aliasWords stand in a line before the address that the failed one was made
// from by an alias or a forward.
var aliasWords = []string{"generated from", "generated by", "expanded from", "original address", "original recipient", "forwarded from"}
