package cluster

import (
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Mentions returns what of the input may know an object by its name although no field of Kubernetes' own says so, in the snapshot's
// order: custom resources that hold the name as a value or are called so (an ExternalSecret makes a Secret of its own name, a
// Certificate one of its secretName), and workloads that are told the name in an argument, a command or an environment variable. The
// caller must not change the slice.
func (s *Snapshot) Mentions(name string) []*Object {
	s.seekMention.Do(func() {
		s.mentions = map[string][]*Object{}
		for _, o := range s.Objects {
			add := func(name string) {
				if l := s.mentions[name]; len(l) == 0 || l[len(l)-1] != o {
					s.mentions[name] = append(l, o)
				}
			}
			if o.Typed == nil {
				add(o.Name)
				budget := maxMentionNodes
				mentionedIn(o.Root.Get("spec").Resolve(), add, &budget)
			}
			if w := s.workload[o]; w != nil {
				for i := range w.Containers {
					w.Containers[i].mentioned(add)
				}
			}
		}
	})
	return s.mentions[name]
}

// maxMentionNodes is the number of nodes looked at in one custom resource: far more than any has, and a bound for aliases.
const maxMentionNodes = 50_000

func mentionedIn(n source.Node, add func(string), budget *int) {
	if *budget--; *budget < 0 {
		return
	}
	switch n.Kind() {
	case source.Scalar:
		if span := n.Span(); span.End-span.Start > noName {
			return
		}
		if text := n.Text(); isName(text) {
			add(text)
		}
	case source.Mapping:
		for e := range n.Entries() {
			mentionedIn(e.Value.Resolve(), add, budget)
		}
	case source.Sequence:
		for _, item := range n.Items() {
			mentionedIn(item.Resolve(), add, budget)
		}
	}
}

func (c *Container) mentioned(add func(string)) {
	for _, a := range slices.Concat(c.Command, c.Args) {
		namesIn(a, add)
	}
	for i := range c.Env {
		namesIn(c.Env[i].Value, add)
	}
}

// namesIn finds the names in a text, as in --secret-name=web-tls. A part of a file's path is none.
func namesIn(text string, add func(string)) {
	for i := 0; i < len(text); {
		if !nameByte(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && nameByte(text[end]) {
			end++
		}
		name := strings.Trim(text[i:end], "-.")
		if path := i > 0 && text[i-1] == '/' || end < len(text) && text[end] == '/'; name != "" && !path {
			add(name)
		}
		i = end
	}
}

// noName is the length in bytes from which what is written is no name, whatever indentation and quotes are around it.
const noName = 1 << 10

// isName reports whether a text can be the name of an object (a DNS subdomain).
func isName(s string) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= 253
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.'
}
