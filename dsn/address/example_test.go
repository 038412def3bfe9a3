package address_test

import (
	"fmt"

	"github.com/rebound-mail/rebound/dsn/address"
)

func Example() {
	from, _ := address.Parse(`"Doe, Jane" <Jane+News@Example.NET>`)
	stored, _ := address.Normalize(from)
	key, _ := address.Key(from)
	fmt.Println(from)
	fmt.Println(stored)
	fmt.Println(key)
	fmt.Println(address.Domain(from), address.Equal(from, "jane+news@example.net"))
	// Output:
	// Jane+News@Example.NET
	// Jane+News@example.net
	// jane+news@example.net
	// example.net true
}
