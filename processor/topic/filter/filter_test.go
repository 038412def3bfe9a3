package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rebound-mail/rebound/processor/topic/filter"
	"github.com/rebound-mail/rebound/schemas"
)

func compile(t testing.TB, policy, scope string) *filter.Policy {
	t.Helper()
	p, err := filter.Compile(policy, scope)
	if err != nil {
		t.Fatalf("%s: %v", policy, err)
	}
	return p
}

// alternatives shows, for one alternative under the key "k", the values in a message that it takes and those that it does not.
var alternatives = []struct{ alternative, takes, refuses string }{
	{`"a"`, `"a"`, `"A" "ab" "" null 1`},
	{`""`, `""`, `"a" null`},
	{`"1"`, `"1"`, `1`},
	{`"é"`, `"é" "\u00e9"`, `"e" "e\u0301"`},
	{`100`, `100 100.0 1e2 1.00e+2 100.000001`, `"100" 100.1 100.00001 -100`},
	{`0.29`, `0.29 2.9e-1 0.29000`, `0.28999 0.29001`},
	{`-0`, `0 -0 0.0 0e99`, `0.00001`},
	{`2000000000`, `2000000000`, `2e9 2000000000.0 2000000001`},
	{`1000000000`, `1e9 1000000000`, `1000000001 999999999`},
	{`true`, `true`, `"true" 1 false null`},
	{`false`, `false`, `"false" 0 true null`},
	{`null`, `null`, `"null" 0 false ""`},
	{`{"prefix":"mail."}`, `"mail." "mail.a"`, `"mail" "Mail.a" "xmail." 1 null`},
	{`{"prefix":""}`, `"" "a"`, `1 null`},
	{`{"prefix":"1"}`, `"12"`, `12`},
	{`{"suffix":"@example.com"}`, `"@example.com" "a@example.com"`, `"a@example.comx" "a@Example.com" true`},
	{`{"equals-ignore-case":"Bounce"}`, `"bounce" "BOUNCE" "Bounce"`, `"bounces" null`},
	{`{"equals-ignore-case":"ÄÖ"}`, `"äö" "ÄÖ"`, `"ao"`},
	{`{"anything-but":"a"}`, `"b" "" 1 null true "A"`, `"a"`},
	{`{"anything-but":["a","b"]}`, `"c" "ab" 1`, `"a" "b"`},
	{`{"anything-but":100}`, `"100" 101 null`, `100 1e2`},
	{`{"anything-but":[1,2.5]}`, `2 "1"`, `1.0 25e-1`},
	{`{"anything-but":{"prefix":"order-"}}`, `"orde" "xorder-" 1`, `"order-" "order-1"`},
	{`{"anything-but":{"suffix":"ball"}}`, `"ballx" "" 1`, `"ball" "football"`},
	{`{"anything-but":{"wildcard":"*@example.*"}}`, `"a@example" "a@b.example." 2`, `"@example." "a@example.com"`},
	{`{"numeric":["=",301.5]}`, `301.5 3015e-1 301.500001`, `301.49999 301.50001 "301.5" null true`},
	{`{"numeric":["<",10]}`, `9.99999 -1000000000`, `10 10.00001 1000000000 "9" -1000000001`},
	{`{"numeric":["<=",10]}`, `10 9`, `10.00001`},
	{`{"numeric":[">",10]}`, `10.00001 1e9`, `10 -1 10.000001`},
	{`{"numeric":[">=",10]}`, `10 11`, `9.99999 2e9 1e400`},
	{`{"numeric":[">",0,"<=",150]}`, `150 0.00001`, `0 150.00001 -1`},
	{`{"numeric":[">=",-5,"<",5]}`, `-5 4.99999 0`, `5 -5.00001`},
	{`{"exists":true}`, `"a" "" 0 false null`, ``},
	{`{"exists":false}`, ``, `"a" "" 0 false null`},
	{`{"cidr":"10.0.0.0/24"}`, `"10.0.0.0" "10.0.0.255"`, `"10.0.1.0" "10.0.0" "a" "::ffff:10.0.0.1" "" 10`},
	{`{"cidr":"10.0.0.7/31"}`, `"10.0.0.6" "10.0.0.7"`, `"10.0.0.8"`},
	{`{"cidr":"0.0.0.0/0"}`, `"255.255.255.255"`, `"::1"`},
	{`{"cidr":"2001:db8::/32"}`, `"2001:db8::1" "2001:0DB8:FFFF::"`, `"2001:db9::" "10.0.0.1" "2001:db8"`},
	{`{"wildcard":"*"}`, `"" "a"`, `1 null`},
	{`{"wildcard":"a*"}`, `"a" "abc"`, `"ba" ""`},
	{`{"wildcard":"*a*b*"}`, `"ab" "xaxbx" "aab"`, `"ba" "a"`},
	{`{"wildcard":"a*aa"}`, `"aaa" "abaa"`, `"aa" "aab"`},
	{`{"wildcard":"plain"}`, `"plain"`, `"plainx" "xplain"`},
	{`{"wildcard":"a\\*b\\\\c*"}`, `"a*b\\c" "a*b\\cd"`, `"axb\\c"`},
}

func TestOperatorsTakeAndRefuse(t *testing.T) {
	for _, test := range alternatives {
		t.Run(test.alternative, func(t *testing.T) {
			p := compile(t, `{"k":["never, never",`+test.alternative+`]}`, filter.MessageBody)
			for value := range strings.FieldsSeq(test.takes) {
				if !p.Matches(filter.NewMessage(nil, `{"k":`+value+`,"other":[1]}`)) {
					t.Errorf("does not match %s", value)
				}
				if !p.Matches(filter.NewMessage(nil, `{"k":[{},[`+value+`]]}`)) {
					t.Errorf("does not match %s in an array", value)
				}
			}
			for value := range strings.FieldsSeq(test.refuses) {
				if p.Matches(filter.NewMessage(nil, `{"k":`+value+`}`)) || p.Matches(filter.NewMessage(nil, `{"k":[`+value+`]}`)) {
					t.Errorf("matches %s", value)
				}
			}
		})
	}
}

func TestKeysAndNestingInBodies(t *testing.T) {
	bounce := `{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@example.com",` +
		`"action":"failed"},{"emailAddress":"b@example.org","action":"delayed"}]},"mail":{"tags":{"ses:from-domain":["example.com"]},"size":3}}`
	for name, test := range map[string]struct {
		policy, body string
		want         bool
	}{
		"both keys":                         {`{"notificationType":["Bounce"],"bounce":{"bounceType":["Permanent"]}}`, bounce, true},
		"one key of two":                    {`{"notificationType":["Bounce"],"bounce":{"bounceType":["Transient"]}}`, bounce, false},
		"a second alternative":              {`{"notificationType":["Complaint","Bounce"]}`, bounce, true},
		"anything but two":                  {`{"notificationType":[{"anything-but":["Send","Bounce"]}]}`, bounce, false},
		"an element of an array of objects": {`{"bounce":{"bouncedRecipients":{"emailAddress":[{"suffix":"@example.org"}]}}}`, bounce, true},
		"no element":                        {`{"bounce":{"bouncedRecipients":{"emailAddress":["c@example.org"]}}}`, bounce, false},
		"two elements for two keys":         {`{"bounce":{"bouncedRecipients":{"emailAddress":["a@example.com"],"action":["delayed"]}}}`, bounce, true},
		"an array deep inside":              {`{"mail":{"tags":{"ses:from-domain":["example.com"]}}}`, bounce, true},
		"a dot for a level":                 {`{"bounce.bounceType":["Permanent"]}`, bounce, true},
		"a dot in the message's key":        {`{"a":{"b.c":["x"]}}`, `{"a.b":{"c":"x"}}`, true},
		"keys compare their case":           {`{"notificationtype":["Bounce"]}`, bounce, false},
		"a key alone is no path":            {`{"bounceType":["Permanent"]}`, bounce, false},
		"a value where an object should be": {`{"notificationType":{"x":["Bounce"]}}`, bounce, false},
		"an object where a value should be": {`{"bounce":[{"exists":true}]}`, bounce, false},
		"an object does not exist":          {`{"bounce":[{"exists":false}]}`, bounce, true},
		"absent":                            {`{"complaint":{"feedbackId":[{"exists":false}]}}`, bounce, true},
		"absent or something":               {`{"notificationType":[{"exists":false},"Bounce"]}`, bounce, true},
		"not absent":                        {`{"notificationType":[{"exists":false}]}`, bounce, false},
		"absent in one of the elements":     {`{"a":{"b":[{"exists":false}]}}`, `{"a":[{"b":1},{"c":1}]}`, false},
		"an empty array is absent":          {`{"a":[{"exists":false}]}`, `{"a":[]}`, true},
		"null is there":                     {`{"a":[{"exists":true}]}`, `{"a":null}`, true},
		"anything-but wants a value":        {`{"a":[{"anything-but":"x"}]}`, `{}`, false},
		"anything-but takes any element":    {`{"a":[{"anything-but":"x"}]}`, `{"a":["x","y"]}`, true},
		"$or, the first":                    {`{"$or":[{"a":[1]},{"b":[1]}]}`, `{"a":1}`, true},
		"$or, the second":                   {`{"$or":[{"a":[1]},{"b":[1]}]}`, `{"b":1}`, true},
		"$or, none":                         {`{"$or":[{"a":[1]},{"b":[1]}]}`, `{"a":2,"c":1}`, false},
		"$or and a key":                     {`{"c":[1],"$or":[{"a":[1]},{"b":[1]}]}`, `{"b":1}`, false},
		"$or of several keys":               {`{"$or":[{"a":[1],"b":[1]},{"c":[1]}]}`, `{"a":1,"b":2}`, false},
		"$or below a key":                   {`{"x":{"$or":[{"a":[1]},{"b":[1]}]}}`, `{"x":{"b":1},"a":1}`, true},
		"$or below a key, elsewhere":        {`{"x":{"$or":[{"a":[1]},{"b":[1]}]}}`, `{"a":1,"b":1}`, false},
		"$or in $or":                        {`{"$or":[{"a":[1]},{"$or":[{"b":[1]},{"c":[1]}]}]}`, `{"c":1}`, true},
		"$or with one element is a key":     {`{"$or":["x"]}`, `{"$or":"x"}`, true},
		"$or with operators is a key":       {`{"$or":[{"prefix":"x"},{"prefix":"y"}]}`, `{"$or":"yz"}`, true},
		"the empty key":                     {`{"":{"a":["x"]}}`, `{"":{"a":"x"}}`, true},
		"the empty key is a level":          {`{"":{"a":["x"]}}`, `{"a":"x"}`, false},
		"no policy":                         {`{}`, `not JSON`, true},
		"no text":                           {``, `not JSON`, true},
		"not JSON":                          {`{"a":[{"exists":false}]}`, `not JSON`, false},
		"an array":                          {`{"a":[1]}`, `[{"a":1}]`, false},
		"more than one value":               {`{"a":[1]}`, `{"a":1}{"a":1}`, false},
		"no body":                           {`{"a":[{"exists":false}]}`, ``, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, test.policy, filter.MessageBody)
			if got := p.Matches(filter.NewMessage(map[string]schemas.MessageAttribute{"a": {Type: "Number", Value: "1"}}, test.body)); got != test.want {
				t.Errorf("got %v, want %v: %s for %s", got, test.want, test.policy, test.body)
			}
		})
	}
}

func TestAttributesByType(t *testing.T) {
	attributes := map[string]schemas.MessageAttribute{
		"text": {Type: "String", Value: "100"}, "number": {Type: "Number", Value: "100.50"}, "odd": {Type: "Number", Value: "many"},
		"list": {Type: "String.Array", Value: `["a", 7, true, null, ["deep"], {"x":"y"}]`}, "broken": {Type: "String.Array", Value: `["a"`},
		"empty": {Type: "String.Array", Value: `[]`}, "bytes": {Type: "Binary", Value: "YQ=="}, "a.b": {Type: "String", Value: "dot"},
		"blank": {Type: "String", Value: ""},
	}
	for name, test := range map[string]struct {
		policy string
		want   bool
	}{
		"a string":                     {`{"text":["100"]}`, true},
		"a string is no number":        {`{"text":[100]}`, false},
		"a number":                     {`{"number":[100.5]}`, true},
		"a number is no string":        {`{"number":["100.50"]}`, false},
		"a range":                      {`{"number":[{"numeric":[">",100,"<",101]}]}`, true},
		"a string in a range":          {`{"text":[{"numeric":[">",0]}]}`, false},
		"no number":                    {`{"odd":[{"numeric":[">=",-1e9]}]}`, false},
		"an element":                   {`{"list":["a"]}`, true},
		"a number in the list":         {`{"list":[7]}`, true},
		"true in the list":             {`{"list":[true]}`, true},
		"null in the list":             {`{"list":[null]}`, true},
		"an element deeper":            {`{"list":["deep"]}`, true},
		"no key of an element":         {`{"list":["y"]}`, false},
		"a broken list":                {`{"broken":["a",{"exists":true}]}`, false},
		"a broken list is absent":      {`{"broken":[{"exists":false}]}`, true},
		"an empty list":                {`{"empty":[{"exists":true}]}`, false},
		"binary is ignored":            {`{"bytes":["YQ==",{"exists":true}]}`, false},
		"binary is absent":             {`{"bytes":[{"exists":false}]}`, true},
		"exists":                       {`{"blank":[{"exists":true}]}`, true},
		"absent":                       {`{"nothing":[{"exists":false}]}`, true},
		"all keys":                     {`{"text":["100"],"number":[1]}`, false},
		"$or":                          {`{"$or":[{"text":["x"]},{"number":[100.5]}]}`, true},
		"a dot is a part of the name":  {`{"a.b":["dot"]}`, true},
		"the body is of no importance": {`{"k":["v"]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compile(t, test.policy, "").Matches(filter.NewMessage(attributes, `{"k":"v"}`)); got != test.want {
				t.Errorf("got %v, want %v: %s", got, test.want, test.policy)
			}
		})
	}
}

func TestRefusedPolicies(t *testing.T) {
	for policy, want := range map[string]string{
		`{`:                                            `failed to parse JSON. unexpected end of JSON input`,
		`{"a":["x"]} x`:                                `failed to parse JSON. invalid character 'x' after top-level value`,
		"{\"a\":[\"\xff\"]}":                           `failed to parse JSON. Invalid UTF-8`,
		`["a"]`:                                        `Filter is not an object`,
		`{"a":["x"],"a":["y"]}`:                        `failed to parse JSON. Duplicate field 'a'`,
		`{"a":"x"}`:                                    `"a" must be an object or an array`,
		`{"a":null}`:                                   `"a" must be an object or an array`,
		`{"a":[]}`:                                     `Empty arrays are not allowed`,
		`{"a":{}}`:                                     `Empty objects are not allowed`,
		`{"$or":[{},{"a":[1]}]}`:                       `Empty objects are not allowed`,
		`{"a":[["x"]]}`:                                `Match value must be String, number, true, false, or null`,
		`{"a":[{}]}`:                                   `Match expression name not found`,
		`{"a":[{"prefix":"x","suffix":1}]}`:            `Only one key allowed in match expression`,
		`{"a":[{"like":"x"}]}`:                         `Unrecognized match type like`,
		`{"a":[{"Prefix":"x"}]}`:                       `Unrecognized match type Prefix`,
		`{"a":[{"prefix":1}]}`:                         `prefix match pattern must be a string`,
		`{"a":[{"suffix":["x"]}]}`:                     `suffix match pattern must be a string`,
		`{"a":[{"equals-ignore-case":{}}]}`:            `equals-ignore-case match pattern must be a string`,
		`{"a":[{"exists":"true"}]}`:                    `exists match pattern must be either true or false.`,
		`{"a":[{"wildcard":null}]}`:                    `wildcard match pattern must be a string`,
		`{"a":[{"wildcard":"a**b"}]}`:                  `Consecutive wildcard characters at pos 1`,
		`{"a":[{"wildcard":"a\\b"}]}`:                  `Invalid escape character at pos 1`,
		`{"a":[{"wildcard":"a\\"}]}`:                   `Invalid escape character at pos 1`,
		`{"a":[{"anything-but":[]}]}`:                  `Empty arrays are not allowed`,
		`{"a":[{"anything-but":true}]}`:                `Value of anything-but must be an array or single string/number value.`,
		`{"a":[{"anything-but":["x",null]}]}`:          `Inside anything but list, start|null|boolean is not supported.`,
		`{"a":[{"anything-but":["x",1]}]}`:             `Either all values should be number or string, mixed type is not supported`,
		`{"a":[{"anything-but":{"numeric":["=",1]}}]}`: `Unsupported anything-but pattern: numeric`,
		`{"a":[{"anything-but":{"prefix":1}}]}`:        `prefix match pattern must be a string`,
		`{"a":[{"anything-but":{}}]}`:                  `Match expression name not found`,
		`{"a":[{"numeric":1}]}`:                        `Value of numeric must be an array.`,
		`{"a":[{"numeric":[]}]}`:                       `Invalid member in numeric match: ]`,
		`{"a":[{"numeric":[1]}]}`:                      `Invalid member in numeric match: 1`,
		`{"a":[{"numeric":["!=",1]}]}`:                 `Unrecognized numeric range operator: !=`,
		`{"a":[{"numeric":["="]}]}`:                    `Value of equals must be numeric`,
		`{"a":[{"numeric":["=","1"]}]}`:                `Value of equals must be numeric`,
		`{"a":[{"numeric":["<",null]}]}`:               `Value of < must be numeric`,
		`{"a":[{"numeric":["=",1000000000.1]}]}`:       `Value of equals must be between -1.0E9 and 1.0E9, inclusive`,
		`{"a":[{"numeric":["<",1,">",0]}]}`:            `Too many elements in numeric expression`,
		`{"a":[{"numeric":["=",1,"<",2]}]}`:            `Too many elements in numeric expression`,
		`{"a":[{"numeric":[">",1,">",2]}]}`:            `Bad numeric range operator: >`,
		`{"a":[{"numeric":[">",1,2]}]}`:                `Bad numeric range operator: 2`,
		`{"a":[{"numeric":[">",1,"<"]}]}`:              `Value of < must be numeric`,
		`{"a":[{"numeric":[">",1,"<",1]}]}`:            `Bottom must be less than top`,
		`{"a":[{"numeric":[">",1,"<",2,"<"]}]}`:        `Too many terms in numeric range expression`,
		`{"a":[{"cidr":1}]}`:                           `cidr match pattern must be a string`,
		`{"a":[{"cidr":"10.0.0.0"}]}`:                  `Malformed CIDR, one '/' required`,
		`{"a":[{"cidr":"10.0.0.0/8/8"}]}`:              `Malformed CIDR, one '/' required`,
		`{"a":[{"cidr":"10.0.0/8"}]}`:                  `Malformed CIDR, Nonstandard IP address: 10.0.0`,
		`{"a":[{"cidr":"10.0.0.0/x"}]}`:                `Malformed CIDR, mask bits must be an integer`,
		`{"a":[{"cidr":"10.0.0.0/33"}]}`:               `Malformed CIDR, mask bits must be between 0 and 32`,
		`{"a":[{"cidr":"2001:db8::/129"}]}`:            `Malformed CIDR, mask bits must be between 0 and 128`,
	} {
		t.Run(policy, func(t *testing.T) {
			refused(t, policy, filter.MessageBody, want, false)
		})
	}
}

func refused(t *testing.T, policy, scope, want string, limit bool) {
	t.Helper()
	p, err := filter.Compile(policy, scope)
	var problem *filter.Error
	if !errors.As(err, &problem) || p != nil {
		t.Fatalf("got %v, %v, want the error %s", p, err, want)
	}
	text, place, placed := strings.Cut(problem.Text, "\n at [Source: (String)\"")
	if text != "FilterPolicy: "+want || problem.LimitExceeded != limit {
		t.Errorf("got %q (limit: %v), want %q (limit: %v)", text, problem.LimitExceeded, want, limit)
	}
	if placed && !strings.HasPrefix(place, policy[:min(len(policy), 400)]) {
		t.Errorf("the error shows %q instead of the policy", place)
	}
}

func TestErrorShowsThePlace(t *testing.T) {
	_, err := filter.Compile("{\n \"é\": [{\"like\":1}]}", filter.MessageBody)
	want := "FilterPolicy: Unrecognized match type like\n at [Source: (String)\"{\n \"é\": [{\"like\":1}]}\"; line: 2, column: 17]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = filter.Compile(`{"`+strings.Repeat("é", 600)+`":1}`, filter.MessageBody)
	if err == nil || !strings.Contains(err.Error(), `é"[truncated 355 chars]; line: 1, column: 606]`) {
		t.Errorf("got %v, want the beginning of the policy", err)
	}
}

func TestScopes(t *testing.T) {
	refused(t, `{"a":{"b":["x"]}}`, "", "Filter policy scope MessageAttributes does not support nested filter policy", false)
	refused(t, `{"$or":[{"a":{"b":[1]}},{"a":[1]}]}`, "", "Filter policy scope MessageAttributes does not support nested filter policy", false)
	_, err := filter.Compile(`{"a":["x"]}`, "Body")
	if err == nil || err.Error() != "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or MessageAttributes" {
		t.Errorf("got %v for an unknown scope", err)
	}
}

func TestLimits(t *testing.T) {
	array := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }
	const complex = "Filter policy is too complex"
	for name, test := range map[string]struct{ policy, want string }{
		"five keys":                    {`{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]}`, ""},
		"six keys":                     {`{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`, "Filter policy can not have more than 5 keys"},
		"150 values":                   {`{"a":` + array(150) + `}`, ""},
		"151 values":                   {`{"a":` + array(151) + `}`, complex},
		"10 times 15":                  {`{"a":` + array(10) + `,"b":` + array(15) + `}`, ""},
		"10 times 16":                  {`{"a":` + array(10) + `,"b":` + array(16) + `}`, complex},
		"times the depth":              {`{"a":{"b":` + array(75) + `}}`, ""},
		"times the depth, over":        {`{"a":{"b":` + array(76) + `}}`, complex},
		"the example of AWS, 216":      {`{"a":{"b":{"c":` + array(4) + `}},"d":{"e":` + array(3) + `},"f":` + array(3) + `}`, complex},
		"the same with two, 144":       {`{"a":{"b":{"c":` + array(4) + `}},"d":{"e":` + array(3) + `},"f":` + array(2) + `}`, ""},
		"alternatives are added":       {`{"$or":[{"a":` + array(70) + `},{"b":` + array(80) + `}]}`, ""},
		"alternatives, over":           {`{"$or":[{"a":` + array(70) + `},{"b":` + array(81) + `}]}`, complex},
		"a key times alternatives":     {`{"k":[1,2],"$or":[{"a":` + array(35) + `},{"b":` + array(41) + `}]}`, complex},
		"alternatives times a key":     {`{"$or":[{"a":` + array(35) + `},{"b":` + array(41) + `}],"k":[1,2]}`, complex},
		"a list is one value":          {`{"a":[{"anything-but":` + array(1000) + `}]}`, ""},
		"256 KB":                       {`{"a":["` + strings.Repeat("x", 256<<10-10) + `"]}`, ""},
		"256 KB and a byte":            {`{"a":["` + strings.Repeat("x", 256<<10-9) + `"]}`, "Filter policy can not be larger than 256 KB"},
		"nested a thousand deep":       {strings.Repeat(`{"a":`, 1000) + `[1]` + strings.Repeat("}", 1000), complex},
		"keys without end below $or":   {`{"$or":[{"a":{"b":[1],"c":[1],"d":[1],"e":[1],"f":[1],"g":[1],"h":[1],"i":[1]}},{"a":[1]}]}`, complex},
		"combinations do not wrap":     {`{"a":` + array(30000) + `,"b":` + array(30000) + `}`, complex},
		"arrays nested without an end": {`{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, complex},
	} {
		t.Run(name, func(t *testing.T) {
			if test.want != "" {
				refused(t, test.policy, filter.MessageBody, test.want, true)
				return
			}
			compile(t, test.policy, filter.MessageBody)
		})
	}
}
