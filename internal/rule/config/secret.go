package config

import (
	"slices"
	"strings"
)

// The judgement of what is a secret. A name tells it by its last word (DB_PASSWORD, apiToken), so that PASSWORD_FILE, TOKEN_URL and
// SECRET_NAME tell nothing; a value tells it by a shape that only credentials have. Values that say where a secret is, or that
// somebody will fill in, are none.

// credential says what kind of secret a value is by its shape, "" when it has none of the known ones.
func credential(value string) string {
	if len(value) < 12 {
		return ""
	}
	if i := strings.Index(value, "PRIVATE KEY-----"); i >= 0 && strings.Contains(value[:i], "-----BEGIN ") && len(value) > i+64 {
		return "a private key"
	}
	for _, k := range knownKeys {
		i := strings.Index(value, k.prefix)
		if i < 0 || i > 0 && keyByte(value[i-1]) {
			continue
		}
		n := 0
		for rest := value[i+len(k.prefix):]; n < len(rest) && keyByte(rest[n]); {
			n++
		}
		if n >= k.least && n <= k.most && !strings.HasSuffix(value[:i+len(k.prefix)+n], "EXAMPLE") && varied(value[i+len(k.prefix):i+len(k.prefix)+n]) {
			return k.what
		}
	}
	if webToken(value) {
		return "a signed web token (JWT)"
	}
	if passwordInURL(value) {
		return "a URL with a password"
	}
	return ""
}

// knownKeys are prefixes that providers give their credentials so that scanners find them, with the number of characters behind.
var knownKeys = []struct {
	prefix      string
	least, most int
	what        string
}{
	{"AKIA", 16, 16, "an AWS access key"},
	{"ghp_", 36, 255, "a GitHub token"},
	{"gho_", 36, 255, "a GitHub token"},
	{"ghs_", 36, 255, "a GitHub token"},
	{"github_pat_", 40, 255, "a GitHub token"},
	{"glpat-", 20, 64, "a GitLab token"},
	{"xoxb-", 20, 255, "a Slack token"},
	{"xoxp-", 20, 255, "a Slack token"},
	{"xapp-", 20, 255, "a Slack token"},
	{"sk_live_", 16, 255, "a Stripe key"},
	{"rk_live_", 16, 255, "a Stripe key"},
	{"AIza", 35, 35, "a Google API key"},
	{"npm_", 36, 36, "an npm token"},
	{"dop_v1_", 64, 64, "a DigitalOcean token"},
	{"sk-ant-", 40, 255, "an Anthropic key"},
	{"sk-proj-", 40, 255, "an OpenAI key"},
	{"hvs.", 24, 255, "a Vault token"},
	{"shpat_", 32, 32, "a Shopify token"},
	{"SG.", 60, 80, "a SendGrid key"},
}

func keyByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// varied reports whether s is not a filler such as XXXXXXXX.
func varied(s string) bool {
	different := 0
	var seen [256]bool
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			different++
		}
	}
	return different >= 6
}

// webToken reports whether s is three parts of base64url, the first two being JSON objects ({" is eyJ).
func webToken(s string) bool {
	parts := strings.Split(strings.TrimSpace(s), ".")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "eyJ") || !strings.HasPrefix(parts[1], "eyJ") {
		return false
	}
	for _, p := range parts {
		for i := range len(p) {
			if !keyByte(p[i]) || p[i] == '.' {
				return false
			}
		}
	}
	return len(parts[2]) >= 16
}

// passwordInURL reports whether s has the form scheme://user:password@host, the password not being left to be filled in.
func passwordInURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.ContainsAny(s, " \n\t") || scheme == "" {
		return false
	}
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return false
	}
	_, password, ok := strings.Cut(authority[:at], ":")
	return ok && password != "" && !filledIn(password)
}

// secretName reports whether a name says that its value is a secret.
func secretName(name string) bool {
	w := wordsOf(name)
	for len(w) > 1 && digits(w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) == 0 {
		return false
	}
	for _, word := range w[:len(w)-1] {
		switch word {
		case "allow", "enable", "enabled", "disable", "disabled", "use", "require", "required", "skip", "no", "random", "min", "max", "is", "has", "public", "show", "validate", "check":
			return false
		}
	}
	last, before := w[len(w)-1], ""
	if len(w) > 1 {
		before = w[len(w)-2]
	}
	switch last {
	case "password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "secretkey", "authtoken", "accesstoken", "dbpassword", "userpassword", "rootpassword", "clientsecret", "privatekey":
		return true
	case "pwd", "pass":
		return before != "" && before != "old"
	case "key":
		switch before {
		case "api", "secret", "private", "encryption", "signing", "auth", "master", "account", "license", "encrypt", "hmac":
			return true
		case "access":
			return len(w) > 2 && w[len(w)-3] == "secret"
		}
	case "base":
		return before == "key" && len(w) > 2 && w[len(w)-3] == "secret"
	}
	return false
}

// wordsOf splits a name at _, -, . and where small letters turn to capitals, in lower case: DB_password, dbPassword.
func wordsOf(name string) (words []string) {
	start := 0
	cut := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(name[start:end]))
		}
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == '.' || c == '/' || c == ' ' || c == ':':
			cut(i)
			start = i + 1
		case i > start && 'A' <= c && c <= 'Z' && 'a' <= name[i-1] && name[i-1] <= 'z':
			cut(i)
			start = i
		}
	}
	cut(len(name))
	return words
}

// maySecret is a quick test that most names fail: no allocation.
func maySecret(name string) bool {
	for i := range len(name) {
		switch name[i] | 0x20 {
		case 'p', 's', 't', 'k': // password, pwd, secret, token, key
			if i+2 < len(name) {
				switch [3]byte{name[i] | 0x20, name[i+1] | 0x20, name[i+2] | 0x20} {
				case [3]byte{'p', 'a', 's'}, [3]byte{'p', 'w', 'd'}, [3]byte{'s', 'e', 'c'}, [3]byte{'t', 'o', 'k'}, [3]byte{'k', 'e', 'y'}:
					return true
				}
			}
		}
	}
	return false
}

// secretValue reports whether the value under a name that tells of a secret is one, and not a switch, a path, an address or a
// reference to where the secret is kept.
func secretValue(name, value string) bool {
	value = strings.TrimSpace(value)
	if len(value) < 3 || filledIn(value) || strings.ContainsAny(value, " \n\t") {
		return false
	}
	if constant(value) || strings.Contains(folded(value), folded(name)) { // GOOGLE_API_KEY_VAL, to be replaced
		return false
	}
	if w := wordsOf(name); strings.ToUpper(value) == value && slices.Contains(w, strings.ToLower(value)) { // COOKIE_SECRET: SECRET
		return false
	}
	password := passwordName(name)
	switch lower := strings.ToLower(value); {
	case isSwitch(lower):
		return false
	case strings.Contains(value, "://"), strings.HasPrefix(value, "./"), strings.HasPrefix(value, "~/"), path(value):
		return false
	case strings.HasPrefix(lower, "arn:"), strings.HasPrefix(lower, "vault:"), strings.HasPrefix(lower, "secret:"), strings.HasPrefix(lower, "projects/"), strings.HasPrefix(lower, "@microsoft.keyvault"), strings.Contains(lower, "secretsmanager"), strings.HasPrefix(lower, "file:"):
		return false
	case password:
		return true
	case len(value) < 8 && digits(value), len(value) < 6:
		return false
	case namesAnObject(value):
		return false
	}
	// A plain word under TOKEN or KEY is a type or a name more often than a secret.
	return strings.HasSuffix(strings.ToLower(strings.TrimRight(name, "_-.0123456789")), "secret") || !plainWord(value)
}

// passwordName reports whether a name tells of a password, for which every word can be one.
func passwordName(name string) bool {
	lower := strings.ToLower(strings.TrimRight(name, "_-.0123456789"))
	return strings.HasSuffix(lower, "password") || strings.HasSuffix(lower, "passwd") || strings.HasSuffix(lower, "pwd") ||
		strings.HasSuffix(lower, "passphrase") || strings.HasSuffix(lower, "pass")
}

// filledIn reports whether a value is one that somebody or something is to replace. "changeme" is among them: a password as weak as
// "password", but nothing that was secret lies in Git, and whoever deploys it has been told. "password" itself, "admin" and "fake_password"
// are not: some database starts with them.
func filledIn(s string) bool {
	if s == "" || strings.ContainsAny(s, "<>{}") || strings.Contains(s, "***") || strings.Contains(s, "...") {
		return true
	}
	if i := strings.IndexByte(s, '$'); i >= 0 && i+1 < len(s) && (s[i+1] == '(' || 'A' <= s[i+1] && s[i+1] <= 'Z' || s[i+1] == '_') {
		return true
	}
	for _, mark := range [...]string{"%", "@", "__", "[", "#"} { // %TOKEN%, @TOKEN@, __TOKEN__, [TOKEN]
		if rest, ok := strings.CutPrefix(s, mark); ok && (strings.HasSuffix(rest, mark) || mark == "__" || mark == "[" && strings.HasSuffix(rest, "]")) {
			return true
		}
	}
	if strings.HasPrefix(s, "ENC[") {
		return true
	}
	lower := folded(s)
	for _, word := range [...]string{"changeme", "changethis", "changeit", "replaceme", "replacethis", "replacewith", "toreplace", "overrideme", "editme", "fixme", "placeholder", "redacted", "fillme", "insert", "yourpassword", "yoursecret", "yourtoken", "yourapikey", "yourkey", "tokenhere", "keyhere", "passwordhere", "secrethere", "goeshere", "setme", "notset", "unset", "dummy"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.HasPrefix(lower, "your") || strings.HasPrefix(lower, "todo") || lower == "tbd" || strings.Trim(lower, "x") == ""
}

func isSwitch(lower string) bool {
	switch lower {
	case "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null", "nil", "required", "optional", "default", "undefined", "always", "never":
		return true
	}
	return false
}

// path reports whether a value is the path of a file. Base64 may begin with / as well, but does not look like /a/b.
func path(value string) bool {
	return strings.HasPrefix(value, "/") && strings.Count(value, "/") > 1 || strings.HasSuffix(value, ".pem") || strings.HasSuffix(value, ".key") ||
		strings.HasSuffix(value, ".json") || strings.HasSuffix(value, ".txt")
}

// namesAnObject reports whether a value looks like the name of a Secret: shop-db-credentials, web-tls.
func namesAnObject(value string) bool {
	i := strings.LastIndexByte(value, '-')
	if i < 0 || strings.ToLower(value) != value {
		return false
	}
	switch value[i+1:] {
	case "secret", "secrets", "creds", "credentials", "tls", "cert", "certs", "certificate", "token", "key", "keys", "auth", "password", "passwords":
		return true
	}
	return false
}

// constant reports whether a value is written like the name of a variable: REPLACE_ME, API_KEY.
func constant(value string) bool {
	for i := range len(value) {
		if c := value[i]; (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return strings.Contains(value, "_")
}

// plainWord reports whether a value is made of small letters only, with separators.
func plainWord(value string) bool {
	for i := range len(value) {
		if c := value[i]; (c < 'a' || c > 'z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
