// Package account keeps who sends: accounts, the access keys that their programs sign requests with, and identities, the
// addresses and domains that they send from, with the settings of their feedback. Configuration sets, which a mail chooses by
// name, have event destinations and settings of their own beside them.
//
// The settings of an identity are chosen by the address that a mail was sent from: those of the address itself, else of
// its domain, else of the nearest domain above. The most particular one counts alone; settings are not merged.
//
// The package does not verify that an identity belongs to the account, and it does not verify signatures: that is awsapi's.
package account
