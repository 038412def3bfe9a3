// Package query speaks the Query protocol of AWS, in which SNS and SES v1 are called: parameters in a form or in the query of the URL, answers
// in XML. A [Service] is a table of actions; processor/awsapi finds out who calls and which service is meant.
package query
