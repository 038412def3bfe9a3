// Package acceptance runs the built program against real parts: a Postfix, a subscriber that verifies with npm's sns-validator, kill -9 in
// the middle of the work, and inputs that nobody wishes for. Its tests need root on Debian and the build tag acceptance; `make acceptance`
// runs them.
package acceptance
