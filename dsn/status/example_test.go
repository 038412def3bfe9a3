package status_test

import (
	"fmt"

	"github.com/rebound-mail/rebound/dsn/status"
)

func Example() {
	code, _ := status.Parse("5.1.1 (permanent failure)")
	fmt.Println(code, code.Name())
	// Output: 5.1.1 Bad destination mailbox address
}

func ExampleFind() {
	const said = "host mx1.example[192.0.2.4] said: 452-4.2.2 The mailbox is full"
	code, _ := status.Find(said)
	reply, _ := status.FindReply(said)
	fmt.Println(reply, code)
	// Output: 452 4.2.2
}
