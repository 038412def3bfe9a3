package report

import (
	"strings"
	"testing"
)

func TestJSONIsForMachinesOnlyWhereTheMailSaysThatItIsAReport(t *testing.T) {
	for name, test := range map[string]struct {
		header, part string
		want         int
	}{
		"the mail says so":      {"X-XARF: PLAIN\n", "Content-Type: application/json", 1},
		"the name says so":      {"", "Content-Type: application/json; name=\"xarf.json\"", 1},
		"the file name says so": {"", "Content-Type: application/json\nContent-Disposition: attachment; filename=my-XARF.json", 1},
		"other JSON":            {"", "Content-Type: application/json; name=data.json", 0},
		"another type":          {"X-XARF: PLAIN\n", "Content-Type: image/png", 0},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Read(strings.NewReader("From: a@one.example\n" + test.header + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nText\n\n--b\n" + test.part + "\n\n{\"a\": 1}\n\n--b--\n"))
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Machine) != test.want || test.want == 1 && (m.Machine[0].Body != `{"a": 1}` || m.Machine[0].MediaType != "application/json") {
				t.Errorf("got %+v, want %d parts", m.Machine, test.want)
			}
		})
	}
}
