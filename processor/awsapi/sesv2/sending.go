package sesv2

// sendLater refuses to send: mail goes out through the mail server that is there already, and what it sent is registered.
func (a *API) sendLater(*call) (any, error) {
	return nil, badRequest("Mail cannot be sent through this API yet: it comes with the send gate. Send it with your mail server, and register it with POST /v1/sent.")
}
