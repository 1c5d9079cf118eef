package config

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// secretInConfigMap judges an entry of one line as a variable, and files by the lines that set a password. It never prints the value.
var secretInConfigMap = &rule.Rule{
	ID:    "secret-in-configmap",
	Title: "a ConfigMap holds a credential",
	Why: "A ConfigMap is made to be read: nearly everyone in a namespace may, it is not encrypted at rest, and its manifest is in Git's " +
		"history for ever.",
	How: "Rotate it now, and move it to a Secret that something outside of Git makes (External Secrets, Sealed Secrets, a vault). Let the " +
		"configuration refer to it by ${NAME} or by a file.",
	Example:  "kind: ConfigMap\ndata:\n  db-user: shop\n  db-password-file: /var/run/credentials/password\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "secret-in-git",
	Links: []string{linkConfigMap, "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		cm := cluster.As[*corev1.ConfigMap](o)
		if cm == nil {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
			value := cm.Data[key]
			what := ""
			if strings.Contains(strings.TrimSpace(value), "\n") {
				what = inFile(key, value)
			} else if what = credential(value); what == "" && maySecret(key) && secretName(key) && secretValue(key, value) {
				what = "a credential, by its name"
			}
			if what != "" {
				p.Report(o, append(source.MustPath("data"), source.Step{Key: key}).String(), "the key %s holds %s, in plain text", key, what)
			}
		}
	},
}

// inFile says what secret a text of several lines holds: a private key, or a password in a line like "db.password = ...".
func inFile(key, text string) string {
	if what := credential(text); what == "a private key" {
		return what
	}
	if !settings(key) {
		return ""
	}
	for line := range strings.Lines(text) {
		if !maySecret(line) {
			continue
		}
		i := strings.IndexAny(line, "=:")
		if i < 0 {
			continue
		}
		name := strings.Trim(line[:i], " \t\r\n-\"'")
		value := strings.Trim(line[i+1:], " \t\r\n\"',")
		if !strings.ContainsAny(name, " #;!/(") && passwordName(name) && secretName(name) && !strings.ContainsAny(value, "$#") && !nameService(name, value) && secretValue(name, value) {
			return "a password (" + name + ")"
		}
	}
	return ""
}

// settings reports whether a key is called like a file of settings: scripts and documents only talk of passwords.
func settings(key string) bool {
	for _, end := range [...]string{".properties", ".env", ".ini", ".cfg", ".conf", ".cnf", ".yaml", ".yml", ".toml", ".json"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// nameService reports whether a line is that of nsswitch.conf which says where user accounts are looked up: passwd: compat.
func nameService(name, value string) bool {
	if name != "passwd" {
		return false
	}
	for _, source := range strings.Fields(value) {
		switch source {
		case "compat", "files", "db", "nis", "nisplus", "sss", "systemd", "ldap", "winbind", "dns", "mymachines":
		default:
			return false
		}
	}
	return true
}
