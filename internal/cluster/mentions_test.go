package cluster

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesInText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"--secret-name=web-tls", "secret-name web-tls"},
		{"web-tls", "web-tls"},
		{"create web-tls,ca.crt", "create web-tls ca.crt"},
		{"--config=/etc/web-config/app.yaml", "config"}, // parts of a path name no object
		{"WEB_TLS", ""},
		{"", ""},
	} {
		var got []string
		namesIn(c.text, func(name string) { got = append(got, name) })
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("names in %q: %q, want %q", c.text, got, c.want)
		}
	}
}
