// Package auth finds out on whose behalf a request to the APIs of SES and SNS acts, and what the caller may do.
package auth
