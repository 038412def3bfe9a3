package sigv4

import "net/http"

// Error says why a request does not count as signed, in the words of AWS.
type Error struct {
	Status  int    // of the answer
	Query   string // code in the XML answers of the Query protocol
	JSON    string // exception in the JSON answers
	Message string
}

func (e *Error) Error() string { return "sigv4: " + e.Query + ": " + e.Message }

// What is wrong in the same words each time.
var (
	// ErrMissing is returned by Parse for a request that is not signed.
	ErrMissing = &Error{http.StatusForbidden, "MissingAuthenticationToken", "MissingAuthenticationTokenException", "Request is missing Authentication Token"}
	// ErrUnknownKey is for whoever looks up keys and finds none.
	ErrUnknownKey = &Error{http.StatusForbidden, "InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid."}
	// ErrMismatch is returned by Verify when the request, or the secret that it was signed with, is another one.
	ErrMismatch = mismatch("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
)

// incomplete is for a signature that lacks something or cannot be read.
func incomplete(message string) *Error {
	return &Error{http.StatusForbidden, "IncompleteSignature", "IncompleteSignatureException", message}
}

// mismatch is for a signature that can be read and does not hold.
func mismatch(message string) *Error {
	return &Error{http.StatusForbidden, "SignatureDoesNotMatch", "InvalidSignatureException", message}
}
