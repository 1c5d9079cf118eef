package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
		var dead []source.Change
		var f *finding.Finding
		for i := range c.Env {
			last := lastOf(c, i)
			if last == i || cluster.Placeholder(c.Env[i].Name) {
				continue
			}
			path := c.Path + ".env[" + strconv.Itoa(i) + "]"
			if f == nil {
				f = p.Report(w.Object, path+".name", "%s", duplicateMessage(c))
			}
			if !usedBetween(c, i, last) {
				dead = append(dead, rule.Remove(path))
			}
		}
		slices.Reverse(dead) // the last first, so that the others stay where they are
		if len(dead) > 0 {
			f.Fix = rule.Mend("remove what a later entry of the same name replaces", dead...)
		}
	},
}

// lastOf returns the index of the last entry with the name of entry i.
func lastOf(c *cluster.Container, i int) int {
	last := i
	for k := i + 1; k < len(c.Env); k++ {
		if c.Env[k].Name == c.Env[i].Name {
			last = k
		}
	}
	return last
}

func duplicateMessage(c *cluster.Container) string {
	var said []string
	for i := range c.Env {
		if n := times(c, c.Env[i].Name); n > 1 && firstOf(c, i) {
			said = append(said, fmt.Sprintf("%s is set %d times", c.Env[i].Name, n))
		}
	}
	return strings.Join(said, ", ") + " in container " + c.Name + ": the last one counts"
}

func times(c *cluster.Container, name string) (n int) {
	for i := range c.Env {
		if c.Env[i].Name == name {
			n++
		}
	}
	return n
}

func firstOf(c *cluster.Container, i int) bool {
	for k := range i {
		if c.Env[k].Name == c.Env[i].Name {
			return false
		}
	}
	return true
}

// usedBetween reports whether entry i has an effect although entry last replaces it: an entry up to the next of its name expands it,
// or one that replaces it is an optional reference that may come to nothing.
func usedBetween(c *cluster.Container, i, last int) bool {
	expanded := "$(" + c.Env[i].Name + ")"
	for k := i + 1; k <= last; k++ {
		e := &c.Env[k]
		if strings.Contains(e.Value, expanded) {
			return true
		}
		if e.Name != c.Env[i].Name || e.ValueFrom == nil {
			continue
		}
		if r := e.ValueFrom.ConfigMapKeyRef; r != nil && isTrue(r.Optional) {
			return true
		}
		if r := e.ValueFrom.SecretKeyRef; r != nil && isTrue(r.Optional) {
			return true
		}
	}
	return false
}
