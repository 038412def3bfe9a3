package listfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// members are those of a JSON object that hold text or a number, by their folded names.
func members(object map[string]any) map[string]string {
	found := make(map[string]string, len(object))
	for name, value := range object {
		switch value := value.(type) {
		case string:
			found[fold(name)] = value
		case json.Number:
			found[fold(name)] = value.String()
		case float64, bool:
			found[fold(name)] = fmt.Sprint(value)
		case []any: // the tags of Mailgun
			found[fold(name)] = ""
		}
	}
	return found
}

func addressOf(members map[string]string, column string) string {
	names := addressNames
	if column != "" {
		names = []string{fold(column)}
	}
	return firstOf(members, names)
}

func firstOf(members map[string]string, names []string) string {
	for _, name := range names {
		if value := members[name]; value != "" {
			return value
		}
	}
	return ""
}

// recordOf makes a record of an object.
func recordOf(found map[string]string, line int, column string) Record {
	record := Record{Line: line, Address: addressOf(found, column)}
	if record.Address == "" {
		record.Problem = "no member holds a mail address"
		return record
	}
	kind := kindOf(slices.Sorted(maps.Keys(found)))
	record.judge(kind, func(names []string) string { return firstOf(found, names) })
	return record
}

// jsonLines reads an object a line. A line that cannot be read costs no other.
type jsonLines struct {
	lines  *bufio.Reader // whose size bounds a line
	line   int
	column string
}

func (j *jsonLines) next() (Record, error) {
	for {
		text, err := j.lines.ReadSlice('\n')
		j.line++
		if errors.Is(err, bufio.ErrBufferFull) {
			return Record{}, fmt.Errorf("%w: line %d has over %d bytes", ErrFormat, j.line, MaxRecord)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return Record{}, err
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 && err != nil {
			return Record{}, err
		}
		if len(text) == 0 {
			continue
		}
		var object map[string]any
		if json.Unmarshal(text, &object) != nil {
			return Record{Line: j.line, Problem: "not a JSON object: " + clip(string(text))}, nil
		}
		return recordOf(members(object), j.line, j.column), nil
	}
}

// document reads what the APIs of the services answer: an array of objects, an object that holds one, or several objects over many
// lines.
type document struct {
	window  *window
	decoder *json.Decoder
	column  string

	inArray, inObject bool
	own               map[string]string // the members of the object that we are in
	began             int               // its line
}

func newDocument(in io.Reader, column string) *document {
	w := &window{in: in, counting: true}
	d := &document{window: w, decoder: json.NewDecoder(w), column: column}
	d.decoder.UseNumber()
	return d
}

func (d *document) next() (Record, error) {
	for {
		record, found, err := d.step()
		if errors.Is(err, io.EOF) && !d.inArray && !d.inObject {
			return Record{}, io.EOF
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Record{}, fmt.Errorf("%w: line %d: %w", ErrFormat, d.window.lineAt(d.decoder.InputOffset()), err)
		}
		if found {
			d.window.read = 0
			return record, nil
		}
	}
}

// step reads a little further.
func (d *document) step() (record Record, found bool, err error) {
	if d.inArray && d.decoder.More() {
		var value any
		if err := d.decoder.Decode(&value); err != nil {
			return Record{}, false, err
		}
		object, ok := value.(map[string]any)
		return recordOf(members(object), d.window.lineAt(d.decoder.InputOffset()), d.column), ok, nil
	}
	token, err := d.decoder.Token()
	if err != nil {
		return Record{}, false, err
	}
	switch token {
	case json.Delim('['):
		d.inArray = true
	case json.Delim(']'):
		d.inArray = false
	case json.Delim('{'):
		d.inObject, d.own, d.began = true, map[string]string{}, d.window.lineAt(d.decoder.InputOffset())
	case json.Delim('}'):
		d.inObject = false
		return recordOf(d.own, d.began, d.column), addressOf(d.own, d.column) != "", nil
	default:
		name, ok := token.(string)
		if !ok || !d.inObject {
			return Record{}, false, errors.New("neither an array nor an object")
		}
		return Record{}, false, d.member(name)
	}
	return Record{}, false, nil
}

// member reads the value of a member; the elements of an array are left to step.
func (d *document) member(name string) error {
	token, err := d.decoder.Token()
	if err != nil {
		return err
	}
	if token == json.Delim('[') {
		d.inArray = true
		return nil
	}
	if token == json.Delim('{') {
		for depth := 1; depth > 0; {
			inner, err := d.decoder.Token()
			if err != nil {
				return err
			}
			switch inner {
			case json.Delim('{'), json.Delim('['):
				depth++
			case json.Delim('}'), json.Delim(']'):
				depth--
			}
		}
		return nil
	}
	if len(d.own) < sniffed { // of a stranger's object; what it has beyond is no address list
		for folded, value := range members(map[string]any{name: token}) {
			d.own[folded] = value
		}
	}
	return nil
}
