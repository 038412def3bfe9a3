package report

import (
	"strings"
	"time"
)

// months are the names of RFC 5322 section 3.3, three letters each.
const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// plainDate reads the one form that nearly all dates have, "Sun, 22 Nov 2026
// 05:29:15 +0000 (UTC)", without trying the many others one by one.
func plainDate(text string) (time.Time, bool) {
	if _, rest, ok := strings.Cut(text, ","); ok {
		text = rest
	}
	if open := strings.IndexByte(text, '('); open >= 0 {
		text = text[:open]
	}
	var words [5]string
	for i := range words {
		words[i], text, _ = strings.Cut(trim(text), " ")
	}
	if trim(text) != "" || len(words[1]) != 3 || len(words[2]) != 4 {
		return time.Time{}, false
	}
	month := strings.Index(months, words[1])
	day, ok1 := digits(words[0])
	year, ok2 := digits(words[2])
	hour, minute, second, ok3 := clock(words[3])
	zone, ok4 := offset(words[4])
	if month < 0 || month%3 != 0 || !ok1 || !ok2 || !ok3 || !ok4 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month/3+1), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day { // 31 April and the like
		return time.Time{}, false
	}
	return t.Add(-zone), true
}

// clock reads "05:29:15" or "05:29".
func clock(s string) (hour, minute, second int, ok bool) {
	if len(s) != 5 && len(s) != 8 || s[2] != ':' || len(s) == 8 && s[5] != ':' {
		return 0, 0, 0, false
	}
	hour, ok1 := digits(s[:2])
	minute, ok2 := digits(s[3:5])
	ok3 := true
	if len(s) == 8 {
		second, ok3 = digits(s[6:])
	}
	return hour, minute, second, ok1 && ok2 && ok3 && hour < 24 && minute < 60 && second < 61
}

// offset reads "+0100", "GMT" or "UT".
func offset(s string) (time.Duration, bool) {
	if s == "GMT" || s == "UTC" || s == "UT" || s == "Z" {
		return 0, true
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, ok1 := digits(s[1:3])
	minutes, ok2 := digits(s[3:])
	zone := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		zone = -zone
	}
	return zone, ok1 && ok2
}

// digits reads one to four digits.
func digits(s string) (n int, ok bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}
