package lifecycle

import (
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// shellKeepsSigterm knows from runs of the three common shells what stays process 1: dash 0.5.12, which is sh in Debian and Ubuntu, for every script
// without exec; bash 5.2 and busybox 1.35, which is sh in Alpine, for pipelines, loops, what runs in the background, and a program that something
// comes after, but not for a plain command at the end. A process 1 without a handler of its own is not ended by SIGTERM (kill(2), pid_namespaces(7)).
var shellKeepsSigterm = &rule.Rule{
	ID:    "shell-keeps-sigterm",
	Title: "a shell stands between the pod's SIGTERM and the program",
	Why: "The kubelet tells process 1 of the container to stop. A shell there neither ends nor passes it on, so the program hears nothing, works until the grace period is " +
		"over, and is killed with its requests in flight.",
	How: "Let the script's last command be exec PROGRAM, so that it takes the shell's place, or start the program without a shell. A script that has to stay sets " +
		"a trap that passes SIGTERM on.",
	Example:  "command: [sh, -c]\nargs:\n  - |\n    ./prepare.sh\n    exec ./server --port 8080\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "traffic-before-endpoint-removal",
	Links: []string{linkTermination, "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Image == "" || c.Init || !w.LongRunning() || w.Template.Spec.ShareProcessNamespace != nil && *w.Template.Spec.ShareProcessNamespace {
			return
		}
		name, script, field := shellScript(c)
		if script == "" {
			return
		}
		switch last := lastCommand(script); last {
		case passesOn:
		case stays:
			p.Report(w.Object, c.Path+"."+field, "%s stays process 1 of container %s, and SIGTERM does not reach what it has started", name, c.Name)
		case mayStay:
			if (name == "sh" || name == "dash") && !strings.Contains(c.Image, "alpine") && !strings.Contains(c.Image, "busybox") {
				p.Report(w.Object, c.Path+"."+field, "%s stays process 1 of container %s where it is dash, as in Debian and Ubuntu, and SIGTERM does not reach the program; exec before it is right everywhere", name, c.Name)
			}
		}
	},
}

// shellScript returns the script that a container starts by a shell, the shell's name, and the field that holds the script; "" for others.
func shellScript(c *cluster.Container) (name, script, field string) {
	words := c.Command
	all := append(append([]string(nil), words...), c.Args...)
	if len(words) == 0 || !shell(words[0]) || len(all) < 3 {
		return "", "", ""
	}
	for i, word := range all[1:] {
		switch {
		case !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "+"):
			return "", "", "" // a file
		case strings.HasSuffix(word, "c") && !strings.HasPrefix(word, "--"):
			if i+2 >= len(all) {
				return "", "", ""
			}
			field = "command"
			if i+2 >= len(words) {
				field = "args"
			}
			return words[0][strings.LastIndexByte(words[0], '/')+1:], all[i+2], field
		}
	}
	return "", "", ""
}

// fate is what becomes of SIGTERM for process 1.
type fate int

const (
	passesOn fate = iota // the program, or nobody can tell
	mayStay              // the shell in some images
	stays                // the shell
)

// lastCommand tells how a script ends. It reads no shell: where there is more to it than commands after one another, it says passesOn.
func lastCommand(script string) fate {
	for _, hint := range []string{"trap ", "<<", "{{", "tini", "dumb-init", "exec "} {
		if strings.Contains(script, hint) {
			return passesOn
		}
	}
	commands, ok := split(script)
	if !ok || len(commands) == 0 {
		return passesOn
	}
	last := commands[len(commands)-1]
	words := strings.Fields(last.text)
	switch {
	case last.background:
		return passesOn // the shell ends at once
	case words[0] == "wait", words[0] == "done", last.piped:
		return stays
	case words[0] == "fi", words[0] == "esac", strings.ContainsAny(words[0], "{}()[]"), slices.Contains(endAtOnce, words[0]):
		return passesOn
	}
	return mayStay
}

// endAtOnce are commands after which a shell ends.
var endAtOnce = []string{"exit", "return", "true", "false", ":", "echo", "printf", "set", "cd", "export"}

// simple is one command of a script.
type simple struct {
	text              string
	piped, background bool
}

// split takes a script apart where one command follows another; ok is false when quotes do not match. Separators in quotes and parentheses are text.
func split(script string) (out []simple, ok bool) {
	var b strings.Builder
	piped := false
	end := func(background, pipe bool) {
		if text := strings.TrimSpace(b.String()); text != "" {
			out = append(out, simple{text, piped || pipe, background})
		}
		piped = pipe
		b.Reset()
	}
	script = strings.ReplaceAll(script, "\\\n", " ")
	var quote byte
	depth := 0
	for i := 0; i < len(script); i++ {
		x := script[i]
		switch {
		case quote != 0:
			if x == '\\' && quote == '"' && i+1 < len(script) {
				b.WriteByte(x)
				i++
				x = script[i]
			} else if x == quote {
				quote = 0
			}
			b.WriteByte(x)
		case x == '\\' && i+1 < len(script):
			b.WriteByte(x)
			i++
			b.WriteByte(script[i])
		case x == '\'' || x == '"' || x == '`':
			quote = x
			b.WriteByte(x)
		case x == '(':
			depth++
			b.WriteByte(x)
		case x == ')' && depth > 0:
			depth--
			b.WriteByte(x)
		case depth > 0:
			b.WriteByte(x)
		case x == '#' && (b.Len() == 0 || script[i-1] == ' '):
			for i+1 < len(script) && script[i+1] != '\n' {
				i++
			}
		case x == '\n' || x == ';':
			end(false, false)
		case (x == '&' || x == '|') && i+1 < len(script) && script[i+1] == x:
			i++
			end(false, false)
		case x == '|':
			end(false, true)
		case x == '&' && i > 0 && script[i-1] != '>' && script[i-1] != '<' && (i+1 >= len(script) || script[i+1] != '>'):
			end(true, false)
		default:
			b.WriteByte(x)
		}
	}
	end(false, false)
	return out, quote == 0
}
