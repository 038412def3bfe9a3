package filter

import (
	"encoding/json"
	"math"
	"strconv"
)

type kind int

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindString
	kindNumber
)

// value is one simple value of a message or of a policy. Two values are the same when they are equal in Go.
type value struct {
	kind   kind
	text   string // of a string
	number number
}

// The range of numbers that are compared as such, and how many steps there are to 1.
const (
	largest   = 1e9
	precision = 1e5
)

// number is a number as SNS compares it: with five decimals between -1e9 and 1e9. Beyond that only the text says which number it is.
type number struct {
	steps int64
	text  string // "" within the range
}

func parseNumber(text string) number {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(f) <= largest) {
		return number{text: text}
	}
	return number{steps: int64(math.Round(f * precision))}
}

// toValue takes a simple value from decoded JSON; arrays and objects are none.
func toValue(decoded any) (value, bool) {
	switch v := decoded.(type) {
	case nil:
		return value{kind: kindNull}, true
	case bool:
		if v {
			return value{kind: kindTrue}, true
		}
		return value{kind: kindFalse}, true
	case string:
		return value{kind: kindString, text: v}, true
	case json.Number:
		return value{kind: kindNumber, number: parseNumber(v.String())}, true
	}
	return value{}, false
}
