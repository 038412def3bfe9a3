package plaintext

// returnedMarks begin the lines that announce the returned mail, without the
// dashes around them.
var returnedMarks = newPhrases(
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
)

// failurePhrases say that a mail was not delivered.
var failurePhrases = newPhrases(
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
	"address rejected", "no such user", "not listed in", "recipients were affected", "delivery of the email was stopped", "not have been delivered", "been postponed", "not yet been",
	"identified as a delivery error", "delivery delayed", "not be processed", "not found", "no mailbox", "does not exist", "doesn't exist", "quota exceeded", "mailbox unavailable",
	"intended recipient", "unknown addresses", "failed with error code", "account is disabled", "is disabled", "invalid final delivery", "wasn't able to", "been rejected", "not accepting mail", "no such person",
	"konnte nicht zugestellt", "konnte nicht gesendet", "empfänger nicht erreicht", "fehler bei der nachrichtenzustellung", "zustellung nicht möglich", "konnte nicht an", "nicht zugestellt werden", "nicht zustellbar", "unzustellbar", "nicht gefunden", "nicht erreicht werden", "fehler bei der zustellung", "zustellung fehlgeschlagen",
	"n'a pas pu être remis", "n’a pas pu être remis", "n'a pas pu être délivré", "n'a pas pu être distribué", "n'ont pas pu être remis", "pas été remis", "n'a pas été remis", "échec de la remise", "non remis", "non distribu", "impossible de remettre", "peut pas être remis", "n'a pas atteint", "n'a pu être", "n’a pu être", "impossible de joindre", "ne peut être délivré", "na pas pu etre", "n'a pas pu etre",
	"no se pudo entregar", "no pudo ser entregado", "no se entregó", "error al entregar", "no puede ser entregado", "no pudo entregarse", "no llegó a", "no se pudo localizar", "no se ha podido entregar", "no ha podido ser entregado", "no ha sido entregado", "error en la entrega", "no se puede entregar",
	"non può essere consegnato", "impossibile consegnare", "impossibile recapitare", "mancato recapito", "non recapitabile", "non ha raggiunto", "impossibile raggiungere", "recapito non riuscito", "non è stato consegnato", "non è stato recapitato", "non è stato possibile consegnare", "mancata consegna", "consegna fallita",
	"não pôde ser entregue", "não pode ser entregue", "não foi entregue", "falha na entrega", "nao pode ser entregue", "não alcançou", "a entrega falhou", "não foi possível entregar", "não é possível entregar", "nao foi entregue", "nao foi possivel entregar",
	"kon niet worden", "niet bezorgd", "onbestelbaar", "niet alle geadresseerden bereikt", "zijn niet bereikt", "bezorgen van bericht is mislukt", "bezorging is mislukt", "kan niet worden bezorgd", "niet worden afgeleverd",
	"kunne ikke leveres", "kan ikke leveres", "nåede ikke frem", "kom ikke fram", "mislykkedes", "levering mislyktes", "kunde inte levereras", "kan inte levereras", "nådde inte", "det gick inte att leverera", "leveransen misslyckades", "ei voitu toimittaa", "ei tavoittanut", "toimittaminen epäonnistui",
	"nie może zostać dostarczon", "nie mogła zostać dostarczona", "nie została dostarczona", "nie można dostarczyć", "nie dotarła", "dostarczenie nie powiodło", "nie została doręczona",
	"nelze doručit", "nebylo možné doručit", "nebyla doručena", "nezdařilo", "nepodařilo se doručit", "nepodarilo sa doručiť", "nem sikerült", "nem érkezett meg", "sikertelen kézbesítés", "kézbesítés sikertelen", "nem kézbesíthető", "nu a putut fi livrat", "ne može biti isporučena", "nije isporučena",
	"teslim edilemedi", "iletilemedi", "ulaşmadı", "teslimat başarısız", "δεν παραδόθηκε", "η παράδοση απέτυχε", "αδύνατη η παράδοση", "לא ניתן למסור", "לא נמסרה", "המסירה נכשלה", "تعذر تسليم", "فشل التسليم", "không thể gửi", "không gửi được", "ไม่สามารถส่ง",
	"не может быть доставлено", "не было доставлено", "не доставлено", "не удалось доставить", "не доставлен", "недоставл", "невозможно доставить", "не достигло", "сбой доставки", "не удается доставить", "ошибка доставки", "не может быть отправлено", "не найден", "не может бути доставлен", "не вдалося доставити",
	"送信できません", "配信できません", "配送できません", "お届けできません", "送信に失敗", "配信に失敗", "届けることができません", "送れません", "配信不能", "配達できません", "届きませんでした", "送信されませんでした", "配信に失敗しました", "送付できません", "送達できません", "見つかりません", "存在しません", "受信できなかった",
	"无法投递", "无法送达", "无法发送", "未能送达", "投递失败", "发送失败", "退信", "無法傳送", "無法送達", "無法遞送", "传送失败", "未送达", "被退回", "無法投遞", "投遞失敗", "发送不成功", "未能发送", "无法传递", "传递失败", "傳遞失敗", "無法傳遞", "未能到达", "不能送达", "不存在", "退回給您", "拒收", "退件",
	"전송하지 못했", "전달되지 않았", "전달할 수 없", "배달하지 못했", "배달되지 않", "배달할 수 없", "전송할 수 없", "보낼 수 없", "전송 실패", "배달 실패",
)

// subjectPhrases stand in the subjects of bounces.
var subjectPhrases = newPhrases(
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
	"onbestelbaar", "niet bezorgd", "kan niet worden bezorgd", "olevererbar", "går inte att leverera", "kan inte levereras", "ikke leveret", "ikke leverbar", "kan ikke leveres", "uleverbar", "uleverert", "ei voitu toimittaa", "ei voi toimittaa", "ei toimitett", "niedostarcz", "nie dostarczono", "nie można dostarczyć", "nedoručen", "nedoručiteln", "nedoručiteľn", "kézbesíthetetlen", "kézbesíthetetl", "nelivrat", "neisporučen", "αδύνατη παράδοση", "δεν είναι δυνατή η παράδοση", "לא ניתן למסירה", "غير قابل للتسليم", "تعذر التسليم", "iletilemedi", "teslim edilemedi",
	"не доставлено", "недоставл", "не может быть доставлено", "невозможно доставить", "не удается доставить", "недоставим", "ошибка доставки",
	"配信不能", "配信エラー", "送信エラー", "不達", "配送エラー", "届けられません", "配信できません", "送信できません", "エラーメール", "戻り", "返送", "未配信", "送信不能",
	"退信", "投递失败", "未能送达", "无法送达", "发送失败", "无法投递", "退回", "無法傳遞", "無法遞送", "傳送失敗", "无法传递", "未传递", "邮件未送达", "退件", "반송", "전송 실패", "배달 실패", "배달되지 않", "배달할 수 없", "반환된",
)

// systemNames stand in the From field of mail systems and nowhere else.
var systemNames = newPhrases(
	"mailer-daemon", "mailer daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster", "post_master", "post-master", "post master",
	"mail delivery", "maildelivery", "mail.delivery", "delivery subsystem", "delivery system", "mail system", "mail-system", "mailsystem", "mail administrator", "mailadmin",
	"system administrator", "systemadministrator", "administrador del sistema", "administrateur système", "amministratore di sistema", "internet mail delivery", "message router", "mail router",
	"mail service", "mail_service", "mailmarshal", "content-filter", "spam firewall", "spamfirewall", "symantec_antivirus", "network mailer", "mmdf", "interscan", "x500-mail", "mail-returned", "mailerror", "returnmail", "delivery-status", "<>",
)

// digestWords stand in the subjects of lists of mails that mail systems send to
// the owners of mailboxes, and of protocols for those who run them.
var digestWords = newPhrases("digest", "quarantine", "spam report", "spam summary", "smtp server: errors from", "smtp client: errors from", "addressed to you", "mailbox is almost full", "quota warning")

// fmlSubjects stand in the subjects of what the list manager fml sends back.
var fmlSubjects = newPhrases("status report", "not member", "reject mail", "rejected", "ignored")

// answerMarks begin the subjects of answers.
var answerMarks = []string{"re:", "aw:", "sv:", "vs:", "antw:", "回复:", "回复：", "答复:", "回覆:", "odp:", "ynt:"}

// delayPhrases say that the mail is still being tried.
var delayPhrases = newPhrases(
	"this is a warning message only", "this is a warning only", "do not need to resend", "do not need to re-send", "only a temporary failure report",
	"delivery attempts will continue", "will be retried until", "will be retried for", "still being retried", "not yet been delivered", "has been delayed:", "recipient has been delayed",
	"recipients has been delayed", "recipients have been delayed", "delay reason:", "transient non-fatal errors", "we will keep trying", "will keep trying to deliver", "will continue to be attempted",
	"will try again", "will continue trying", "still undelivered after", "has been postponed", "just a warning, you do not need", "delivery attempts are still pending",
	"attempts to deliver the message will continue", "will be attempted until", "we will continue to try", "message was delayed", "will continue to try", "continue to try to deliver", "is delayed for more than",
)

// finalPhrases say of one recipient that the mail is not tried any more.
var finalPhrases = newPhrases("will not continue trying", "failed permanently", "giving up", "given up", "permanent error", "permanent failure", "retry timeout exceeded", "no longer being tried")

// delaySubjects stand in the subjects of reports on mails that are being tried.
var delaySubjects = newPhrases(
	"(delay)", "delayed", "still being retried", "waiting mail", "warning: could not send", "delivery postponed",
	"verzögert", "retardé", "retrasad", "ritardat", "vertraagd", "atrasad", "задержан", "配信遅延", "延迟",
)

// namingWords stand in a line before the address of a recipient.
var namingWords = newPhrases(
	"recipient", "rcpt to", "rcpt:", "addressed to", "undeliverable address", "undeliverable to", "deliver to", "deliver message to", "deliver your message to", "deliver mail to",
	"delivered to", "delivering your mail to", "delivering to", "delivery to", "delivery failed", "delivery has failed", "message to", "mail to", "email to", "mailbox",
	"unknown user", "user unknown", "unknown host", "unknown address", "address:", "address is", "following address", "user:", "user", "failed:", "failed address", "account", "sent to",
	"destinataire", "empfänger", "destinatario", "destinatário", "ontvanger", "odbiorca", "получател", "адресат",
	"宛先", "あて先", "送信先", "収信者", "受信者", "メールアドレス", "收件人", "收件者", "郵件地址", "收信人", "수신자", "받는 사람",
	"duplicated message-id in",
)

// asideWords stand in a line before an address that is not a recipient's.
var asideWords = newPhrases(
	"from:", "from <", "mail from", "sender", "reply-to", "reply to", "return-path", "envelope-from", "envelope from", "message-id:", "references:", "in-reply-to",
	"forwarded to", "forwarding", "relayed to", "(from",
	"contact", "assistance", "support", "help", "please send", "please mail", "please forward", "write to", "questions", "problem report", "complain", "report to", "abuse", "more information",
	"instead", "new address", "did you mean", "please try", "moved to", "http://", "https://", "subject:", "cc:", "date:", "authenticated as", "postmaster at",
	"an ihren", "wenden", "contactez", "póngase", "x-", "f=[", "by mail", "for help", "send mail to", "ご連絡", "お問い合わせ",
)

// agentWords stand directly before an address that did something, and is no
// recipient's.
var agentWords = []string{"from", "by", "sender", "von", "par", "por", "da", "at", "host"}

// contactEndings end the lines behind which the address of a helper stands.
var contactEndings = []string{
	"please try", "please try:", "has moved to:", "contact", "contact:", "write to", "write to:", "write to us at", "reply to", "send mail to", "send e-mail to", "please use", "please use:", "reach me at", "mail me at", "email me at",
	"new address is", "new address is:", "new address:", "new email address is", "new email address is:", "new e-mail address is:", "instead to", "instead to:", "assistance to", "help from",
	"wenden sie sich bitte an", "bitte an", "contacter", "contactez", "écrire à", "contactar con", "escriba a", "contattare", "问题请联系", "お問い合わせ",
}

// ownWords stand in a line before the address of who reads the report.
var ownWords = newPhrases("your address", "your mailbox", "your account", "you at", "hello ", "dear ", "hi ", "hola ", "bonjour ", "hallo ", "guten tag", "liebe", "γεια", "estimad", "gentile", "beste ", "уважаем", "尊敬的")

// noticePhrases are in what mail systems write to recipients and to those who run
// them, and not to senders.
var noticePhrases = newPhrases("message to you from", "addressed to you was", "messages to you", "see the local mail logfile")

// aliasWords stand in a line before the address that the failed one was made
// from by an alias or a forward.
var aliasWords = newPhrases("generated from", "generated by", "expanded from", "original address", "original recipient", "forwarded from")
