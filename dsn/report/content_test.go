package report

import (
	"strings"
	"testing"
)

func TestMediaTypesAreReadFromAnyContentType(t *testing.T) {
	for in, want := range map[string]string{
		"text/plain":                      "text/plain",
		"Multipart/Report; boundary=b":    "multipart/report",
		"text/plain;charset=utf-8":        "text/plain",
		"text/plain (comment)":            "text/plain",
		"text/plain charset=utf-8":        "text/plain",
		"text":                            "",
		"/plain":                          "",
		"":                                "",
		"message/DELIVERY-STATUS;name=a;": "message/delivery-status",
	} {
		if got := mediaType(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParametersAreReadFromAnyContentType(t *testing.T) {
	for in, want := range map[string]string{
		"a/b; boundary=x":                       "x",
		"a/b;boundary=x;c=d":                    "x",
		"a/b; BOUNDARY = x":                     "x",
		`a/b; boundary="x y"; c=d`:              "x y",
		`a/b; boundary="x;y"`:                   "x;y",
		`a/b; boundary="x`:                      "x",
		`a/b; boundary='x'`:                     "x",
		"a/b; boundary==_x_/=y":                 "=_x_/=y",
		"a/b; boundary=x y":                     "x",
		`a/b; name="; boundary=no"; boundary=x`: "x",
		"a/b; boundary-x=no; boundary=x":        "x",
		"a/b; boundary*=utf-8''x%20y":           "x y",
		`a/b; boundary*0="x"; boundary*1="y"`:   "xy",
		"a/b;\tboundary=x":                      "x",
		"a/b; boundary":                         "",
		"a/b; boundary=":                        "",
		"a/b":                                   "",
		"":                                      "",
		`a/b; name="open; boundary=x`:           "x",
		"a/b; " + strings.Repeat("c=d; ", 1000) + "boundary=x": "x",
	} {
		if got := param(in, "boundary"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
