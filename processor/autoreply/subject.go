package autoreply

import "strings"

// isAway reports whether the subject begins as those of auto responders do. One
// that begins with "Re:" does not: people answer automatic replies too.
func isAway(subject string) bool {
	subject = strings.ToLower(strings.TrimLeft(subject, " \t[(<*\"'【「"))
	for _, phrase := range awayPhrases {
		if strings.HasPrefix(subject, phrase) {
			return true
		}
	}
	// "Jane Doe is out of the office (returning 5 May)"
	for _, phrase := range awayEndings {
		if strings.Contains(subject, phrase) && !strings.HasPrefix(subject, "re:") && !strings.HasPrefix(subject, "aw:") {
			return true
		}
	}
	return false
}

var awayPhrases = [...]string{
	"out of office", "out of the office", "out-of-office", "outofoffice", "ooo:", "ooo ", "automatic reply", "automatic response", "automated reply", "automated response", "automatic answer",
	"auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "auto respond", "autorespon", "auto-respond", "auto:", "auto ack",
	"away from", "away:", "away message", "vacation", "on vacation", "on holiday", "holiday", "on leave", "annual leave", "on annual leave", "maternity leave", "parental leave", "i am away", "i'm away", "i am out", "i'm out of", "i am on", "absence", "not in the office", "gone fishing",
	"automatische antwort", "automatische e-mail", "autom. antwort", "automatische abwesenheit", "autoantwort", "abwesenheit", "abwesend", "bin abwesend", "ich bin abwesend", "ich bin nicht", "im urlaub", "urlaub", "nicht im büro", "eingangsbestätigung",
	"réponse automatique", "reponse automatique", "message automatique", "message d'absence", "message d’absence", "absent", "en congé", "en vacances", "je suis absent",
	"respuesta automática", "respuesta automatica", "mensaje automático", "fuera de la oficina", "fuera de oficina", "ausente", "ausencia", "de vacaciones", "contestación automática",
	"resposta automática", "resposta automatica", "fora do escritório", "ausência", "de férias", "em férias",
	"risposta automatica", "messaggio automatico", "fuori sede", "fuori ufficio", "assenza", "assente", "in ferie",
	"automatisch antwoord", "automatische reactie", "automatische beantwoording", "afwezig", "buiten kantoor", "niet aanwezig",
	"autosvar", "automatiskt svar", "automatisk svar", "frånvar", "fravær", "ikke til stede", "ikke på kontoret", "automaattinen vastaus", "poissa", "automatvastaus",
	"automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "poza biurem", "nieobecn", "jestem nieobecn", "urlop",
	"automatická odpov", "automatická odpoveď", "mimo kancelář", "nepřítom", "dovolená", "automatikus válasz", "házon kívül", "távollét", "răspuns automat", "automatski odgovor", "samodejni odgovor",
	"otomatik yanıt", "otomatik cevap", "ofis dışı", "izinde",
	"автоответ", "автоматический ответ", "отсутств", "нет на месте", "вне офиса", "в отпуске", "автоматична відповідь", "автовідповідь", "автоматичен отговор",
	"αυτόματη απάντηση", "εκτός γραφείου", "תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي",
	"自動応答", "自動返信", "自動回答", "不在通知", "不在連絡", "不在のお知らせ", "不在", "外出中", "休暇中",
	"自动回复", "自动答复", "自動回覆", "自動回復", "外出", "休假", "不在办公室", "不在辦公室", "자동 응답", "자동응답", "자동 회신", "자동회신", "부재중", "부재 중",
	"tự động trả lời", "trả lời tự động", "balasan otomatis", "การตอบกลับอัตโนมัติ", "ตอบกลับอัตโนมัติ",
}

var awayEndings = [...]string{
	"is out of the office", "is out of office", "is away from", "is on vacation", "is on holiday", "is currently out of", "will be out of the office", "is not in the office",
	"ist außer haus", "ist abwesend", "ist nicht im büro", "est absent", "está ausente", "está fuera", "è assente", "è fuori", "is afwezig",
}
