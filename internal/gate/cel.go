package gate

import "strings"

// rename puts other names in the place of identifiers of a CEL expression. Fields (.name, .?name) and what stands in strings stay.
func rename(expression string, names func(identifier string) string) string {
	var b strings.Builder
	for i := 0; i < len(expression); {
		c := expression[i]
		switch {
		case c == '\'' || c == '"':
			end := endOfString(expression, i, false)
			b.WriteString(expression[i:end])
			i = end
		case letter(c):
			j := i
			for j < len(expression) && (letter(expression[j]) || expression[j] >= '0' && expression[j] <= '9') {
				j++
			}
			word := expression[i:j]
			switch {
			case j < len(expression) && (expression[j] == '\'' || expression[j] == '"') && strings.Trim(word, "rRbB") == "":
				j = endOfString(expression, j, strings.ContainsAny(word, "rR"))
				b.WriteString(expression[i:j])
			case strings.HasSuffix(expression[:i], ".") || strings.HasSuffix(expression[:i], ".?"):
				b.WriteString(word)
			default:
				b.WriteString(names(word))
			}
			i = j
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// endOfString returns where the string literal ends that begins with the quote at i. Literals of three quotes are not told apart: the
// first two are an empty one, and what follows is read the same.
func endOfString(s string, i int, raw bool) int {
	quote := s[i]
	for k := i + 1; k < len(s); k++ {
		switch {
		case s[k] == '\\' && !raw:
			k++
		case s[k] == quote:
			return k + 1
		}
	}
	return len(s)
}

// quote returns a CEL string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// quoteList returns a CEL list of strings.
func quoteList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// fromGlob turns a pattern of path.Match into one of RE2 for the whole text. Names have no slashes, so * is anything.
func fromGlob(glob string) string {
	var b strings.Builder
	b.WriteByte('^')
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[':
			end := i + 1 + strings.IndexByte(glob[i+1:], ']')
			b.WriteString(glob[i : end+1])
			i = end
		case c == '\\' && i+1 < len(glob):
			i++
			b.WriteString(literal(glob[i]))
		default:
			b.WriteString(literal(c))
		}
	}
	b.WriteByte('$')
	return b.String()
}

func literal(c byte) string {
	if strings.IndexByte(`\.+*?()|[]{}^$`, c) >= 0 {
		return `\` + string(c)
	}
	return string(c)
}
