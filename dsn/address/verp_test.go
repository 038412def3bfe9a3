package address

import "testing"

func TestReturnPathsTellTheirRecipient(t *testing.T) {
	for returnPath, want := range map[string]string{
		"news-return-12-jane=one.example@lists.example":         "jane@one.example",
		"news-return-jane=one.example@lists.example":            "jane@one.example",
		"news-return-12-jane-ann=one.example@lists.example":     "jane-ann@one.example",
		"news-bounces+jane=one.example@lists.example":           "jane@one.example",
		"news-bounces+jane+tag=one.example@lists.example":       "jane+tag@one.example",
		"bounces+123-ab4f-jane=one.example@esp.example":         "jane@one.example",
		"bounce+jane==a==one.example==news@lists.example":       "jane@one.example",
		"bounce-jane=one.example@lists.example":                 "jane@one.example",
		"bounce-77-jane=one.example@lists.example":              "jane@one.example",
		"Jane.Doe=one.example@bounce.sender.example":            "Jane.Doe@one.example",
		"news-bounces+x=y=one.example@lists.example":            "x=y@one.example",
		"bounce-news-jane=one.example@lists.example":            "", // news-jane or jane?
		"SRS0=ab12=XY=two.example=bob@sender.example":           "",
		"srs1+ab12=sender.example==ab12=XY=two.example=bob@x.y": "",
		"prvs=1234abcdef=orders@sender.example":                 "",
		"orders@sender.example":                                 "",
		"orders+tag@sender.example":                             "",
		"a=b@sender.example":                                    "", // no domain
		"news-bounces+=one.example@lists.example":               "",
		"": "",
	} {
		if got, ok := FromReturnPath(returnPath); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q %v, want %q", returnPath, got, ok, want)
		}
	}
}
