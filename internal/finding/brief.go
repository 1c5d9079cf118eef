package finding

import "strings"

const (
	// briefWord is how long a word in a message may be: as long as the longest name that Kubernetes allows.
	briefWord = 253
	// briefText is how long a message may be.
	briefText = 2000
)

// Brief shortens a text that quotes somebody's input, so that a value of megabytes does not end up in a message: words to 253
// characters, the text to 2000, with ... for what is left out. What people write is returned as it is.
func Brief(text string) string {
	if len(text) <= briefWord {
		return text
	}
	cut, word, start := -1, 0, 0 // the first rune too many; runes of the present word; where it starts
	var b strings.Builder
	n := 0
	for i, r := range text {
		if n++; n > briefText {
			cut = i
			break
		}
		if r == ' ' || r == '\n' || r == '\t' {
			if word > briefWord {
				b.WriteString("...")
				start = i
			}
			word = 0
			continue
		}
		if word++; word == briefWord+1 {
			b.WriteString(text[start:i])
		}
		if word > briefWord {
			n--
		}
	}
	switch {
	case word > briefWord:
		b.WriteString("...")
	case cut >= 0:
		b.WriteString(text[start:cut] + "...")
	case b.Len() == 0:
		return text
	default:
		b.WriteString(text[start:])
	}
	return b.String()
}
