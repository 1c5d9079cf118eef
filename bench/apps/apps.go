// Package apps writes good applications of 15 objects each, for measuring linters. The same number gives the same bytes.
package apps

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed app.yaml.tmpl
var text string

var page = template.Must(template.New("app").Parse(text))

// Objects is the number of objects in an application.
const Objects = 15

// perNamespace is how many applications share a namespace, unless all do.
const perNamespace = 8

type app struct {
	Name, NS, Team, Tier, Digest, DBDigest, JobDigest, Checksum, Token string
	Port, DBPort, Min, Max, Minute                                     int
}

var teams = []string{"billing", "search", "catalogue", "checkout", "shipping", "identity", "messaging", "reporting"}

func digest(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

func application(i int) app {
	name := fmt.Sprintf("app-%04d", i)
	team := teams[i/perNamespace%len(teams)]
	return app{
		Name: name, Team: team, NS: fmt.Sprintf("%s-%03d", team, i/perNamespace), Tier: fmt.Sprintf("tier-%d", i%3+1),
		Digest: digest(name + "/web"), DBDigest: digest("postgres" + team), JobDigest: digest(name + "/job"),
		Checksum: digest(name + "/config")[:16], Token: base64.StdEncoding.EncodeToString([]byte(digest(name)[:24])),
		Port: 8080 + i%7, DBPort: 5432, Min: 3 + i%3, Max: 10 + i%5, Minute: i % 60,
	}
}

// Write writes n applications to a new folder, one file each. All are in the given namespace, or eight to one when it is "": the
// first is harder for checks that compare objects.
func Write(dir string, n int, namespace string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range n {
		a := application(i)
		if namespace != "" {
			a.NS = namespace
		}
		var b bytes.Buffer
		if err := page.Execute(&b, a); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, a.Name+".yaml"), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
