package rule

import "errors"

// Gate is a rule's twin in CEL: the same judgement, for an API server that asks about one object as it comes in. Only a rule whose
// answer follows from that object alone has one; a test holds the two against each other.
//
// Exactly one of Container, Pod and Object is set: an expression that is true for what breaks the rule. These names mean something in it:
//
//	object      the object, in the newest version of its kind, after defaulting
//	pod         the spec of the pods that it makes; not for Object
//	template    their metadata, as far as it is there; not for Object
//	containers  init containers, then containers; not for Object
//	running     containers that run for the life of the pod: spec.containers, then sidecars; not for Object
//	c           one container; for Container only
//	param.name  the value of a parameter
//
// and whatever Let gives a name. Fields that may be absent are asked for with ?: pod.?hostPID.orValue(false).
type Gate struct {
	Container string
	// Outdone says of which containers the rule is silent, as another rule has worse to say; nil when there are none. Container is asked
	// about the others.
	Outdone *Outdone
	// Of says which containers Container is asked about: "containers" (when empty) or "running".
	Of     string
	Pod    string
	Object string
	// Kinds are those that Object is asked about. Expressions about pods are asked about every kind that makes pods.
	Kinds []string
	// Let gives parts of the expression names, each of which may use the ones before it.
	Let []Let
	// Blind says what the rule knows of other objects when it has the files, and an API server does not; "" when there is nothing.
	Blind string
}

// Outdone is a worse fault of a container, in whose place a rule is silent. What it hid is no new fault when it is mended.
type Outdone struct {
	By        string // the rule of the worse fault
	Container string // a CEL expression about a container c that has it
}

// Let gives a CEL expression a name.
type Let struct{ Name, Expression string }

func (g *Gate) check(r *Rule) error {
	n := 0
	for _, e := range []string{g.Container, g.Pod, g.Object} {
		if e != "" {
			n++
		}
	}
	switch {
	case n != 1:
		return errors.New("its gate needs exactly one of Container, Pod and Object")
	case (g.Object != "") != (len(g.Kinds) > 0):
		return errors.New("its gate names kinds for Object, and for nothing else")
	case g.Of != "" && g.Of != "running" && g.Of != "containers":
		return errors.New("its gate asks about containers or running")
	case g.Outdone != nil && g.Container == "":
		return errors.New("its gate is outdone in containers, and not about them")
	case r.NeedsContext || r.External || r.Gathers:
		return errors.New("a rule about several objects can have no gate")
	}
	return nil
}
