package config

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// envDuplicate mends by taking away the entries that a later one replaces. One that a later value builds on with $(NAME), and one
// that stands in for an optional reference, has an effect and stays. All of a container are one finding, because taking one away
// moves the others.
var envDuplicate = &rule.Rule{
	ID:    "env-duplicate",
	Title: "an environment variable is set twice in one container",
	Why: "The last entry wins and the others are dead text, so whoever edits the first one changes nothing. kubectl apply merges the list " +
		"by name and may keep either, and server-side apply refuses it.",
	How:      "Keep one entry of the name, the last one if nothing is to change.",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", Incident: "last-one-wins", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/", "https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		seen := entriesByName(c.Env)
		if len(seen) == len(c.Env) {
			return
		}
		noteUses(c.Env, seen)
		var dead []source.Change
		var f *finding.Finding
		for i := range c.Env {
			e := seen[c.Env[i].Name]
			if e.last == i || cluster.Placeholder(c.Env[i].Name) {
				continue
			}
			path := c.Path + ".env[" + strconv.Itoa(i) + "]"
			if f == nil {
				f = p.Report(w.Object, path+".name", "%s", duplicateMessage(c, seen))
			}
			if e.used <= i {
				dead = append(dead, rule.Remove(path))
			}
		}
		slices.Reverse(dead) // the last first, so that the others stay where they are
		if len(dead) > 0 {
			f.Fix = rule.Mend("remove what a later entry of the same name replaces", dead...)
		}
	},
}

// entries is what is known of the entries of one name.
type entries struct {
	first, last, times int
	// used is the last entry that gives those before it an effect although entry last replaces them: it expands them, or it is of
	// their name and an optional reference that may come to nothing.
	used int
}

func entriesByName(env []corev1.EnvVar) map[string]*entries {
	seen := make(map[string]*entries, len(env))
	for i := range env {
		e := seen[env[i].Name]
		if e == nil {
			e = &entries{first: i, used: -1}
			seen[env[i].Name] = e
		}
		e.last = i
		e.times++
	}
	return seen
}

// noteUses finds out which entries give those before them an effect.
func noteUses(env []corev1.EnvVar, seen map[string]*entries) {
	longest := 0
	for name := range seen {
		longest = max(longest, len(name))
	}
	for k := range env {
		for name := range expansions(env[k].Value, longest) {
			if e := seen[name]; e != nil && k <= e.last {
				e.used = k
			}
		}
		if from := env[k].ValueFrom; from != nil {
			if r, s := from.ConfigMapKeyRef, from.SecretKeyRef; r != nil && isTrue(r.Optional) || s != nil && isTrue(s.Optional) {
				seen[env[k].Name].used = k
			}
		}
	}
}

// expansions yields what a value expands with $(NAME), names of at most so many bytes.
func expansions(value string, longest int) iter.Seq[string] {
	return func(yield func(string) bool) {
		end := -1
		for at := 0; ; at += len("$(") {
			i := strings.Index(value[at:], "$(")
			if i < 0 {
				return
			}
			at += i
			if end < at {
				if end = strings.IndexByte(value[at:], ')'); end < 0 {
					return
				}
				end += at
			}
			if name := value[at+len("$(") : end]; len(name) <= longest && !yield(name) {
				return
			}
		}
	}
}

func duplicateMessage(c *cluster.Container, seen map[string]*entries) string {
	const most = 10
	var said []string
	more := 0
	for i := range c.Env {
		switch e := seen[c.Env[i].Name]; {
		case e.times == 1 || e.first != i:
		case len(said) == most:
			more++
		default:
			said = append(said, fmt.Sprintf("%s is set %d times", c.Env[i].Name, e.times))
		}
	}
	if more > 0 {
		said = append(said, fmt.Sprintf("and so are %d others", more))
	}
	return strings.Join(said, ", ") + " in container " + c.Name + ": the last one counts"
}
