package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"go.yaml.in/yaml/v4"
)

// Labels and annotations of what Export makes.
const (
	ManagedLabel     = "app.kubernetes.io/managed-by" // fairway-gate
	ManagedBy        = "fairway-gate"
	VersionLabel     = "gate.fairway-k8s.io/version"
	RuleLabel        = "gate.fairway-k8s.io/rule"
	DigestAnnotation = "gate.fairway-k8s.io/digest" // of the spec as it was exported
	ExemptAnnotation = "gate.fairway-k8s.io/exemptions"
)

// File is one file of an export.
type File struct {
	Name string // 00-params.yaml, privileged-container.yaml ...
	Data []byte
}

// All returns everything that the plan installs, in the order of rules: with the NetworkPolicy gate, labels, and digests. version is that
// of the program.
func (p *Plan) All(version string) []Installed {
	var out []Installed
	for _, e := range p.Entries {
		out = append(out, p.Install(e))
	}
	if p.NetworkPolicy != "" {
		out = append(out, p.network())
	}
	for i := range out {
		x := &out[i]
		id := NetworkPolicyID
		if x.Entry != nil {
			id = x.Entry.ID
			if notes := x.Entry.exemptionNotes(); notes != "" {
				x.Policy.Annotations = map[string]string{ExemptAnnotation: notes}
			}
		}
		stamp(&x.Policy.ObjectMeta, id, version, x.Policy.Spec)
		stamp(&x.Binding.ObjectMeta, id, version, x.Binding.Spec)
	}
	return out
}

func stamp(m *metav1.ObjectMeta, id, version string, spec any) {
	m.Labels = map[string]string{ManagedLabel: ManagedBy, RuleLabel: id, VersionLabel: labelOf(version)}
	if m.Annotations == nil {
		m.Annotations = map[string]string{}
	}
	m.Annotations[DigestAnnotation] = Digest(spec)
}

var notInLabel = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// labelOf makes a version fit for a label.
func labelOf(version string) string {
	s := notInLabel.ReplaceAllString(version, "_")
	return strings.Trim(s[:min(len(s), 63)], "._-")
}

// Digest is what two equal specs have in common.
func Digest(spec any) string {
	data, err := json.Marshal(spec)
	if err != nil {
		panic(err) // types of k8s.io/api
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (e *Entry) exemptionNotes() string {
	var all []string
	for _, x := range e.passing {
		name := x.Label
		if name == "" {
			name = strings.Trim(strings.Join([]string{x.Kind, x.Namespace, x.Name}, " "), " ")
		}
		note := name + ", owner " + x.Owner
		if x.Expires != "" {
			note += ", until " + x.Expires
		}
		all = append(all, note)
	}
	return strings.Join(all, "; ")
}

// Params is the ConfigMap with the parameters of the plan's rules, nil when none has any or they are inline.
func (p *Plan) Params() *corev1.ConfigMap {
	data := map[string]string{}
	if p.Inline {
		return nil
	}
	for _, e := range p.Entries {
		for _, x := range e.paramNames() {
			data[e.ID+"."+x.Name] = paramText(e.param(x))
		}
	}
	if len(data) == 0 {
		return nil
	}
	return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Data: data,
		ObjectMeta: metav1.ObjectMeta{Name: ParamsName, Namespace: p.ParamsNamespace, Labels: map[string]string{ManagedLabel: ManagedBy}}}
}

func paramText(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

// Export renders the plan as manifests, one file for the parameters and one for each rule; the same plan always gives the same bytes.
func (p *Plan) Export(version string) []File {
	var files []File
	if params := p.Params(); params != nil {
		var b strings.Builder
		fmt.Fprintf(&b, "# The parameters of the rules below, as rule.parameter. A change here takes effect at once; what is missing or malformed counts as it\n"+
			"# was exported. Without this ConfigMap the rules that have parameters are silent.\n")
		if p.ParamsNamespace != "default" {
			b.WriteString(document(&corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: p.ParamsNamespace,
				// It has no pods, and the gate's own rule asks for the label.
				Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}))
			b.WriteString("---\n")
		}
		b.WriteString(document(params))
		files = append(files, File{"00-params.yaml", []byte(b.String())})
	}
	for _, x := range p.All(version) {
		name := NetworkPolicyID
		if x.Entry != nil {
			name = x.Entry.ID
		}
		files = append(files, File{name + ".yaml", []byte(x.comment() + document(x.Policy) + "---\n" + document(x.Binding))})
	}
	return files
}

// comment says beside a policy why it is there.
func (x *Installed) comment() string {
	e := x.Entry
	if e == nil {
		return wrapped(NetworkPolicyID+": "+networkTitle+".") + wrapped("Why: "+networkWhy) + wrapped("Fix: "+networkHow)
	}
	var b strings.Builder
	b.WriteString(wrapped(e.ID + ": " + e.Title + "."))
	if e.Why != "" {
		b.WriteString(wrapped("Why: " + e.Why))
	}
	b.WriteString(wrapped("Fix: " + e.How))
	if e.Rule != nil {
		b.WriteString(wrapped("More: fairway explain " + e.ID))
		if blind := e.Rule.Gate.Blind; blind != "" {
			b.WriteString(wrapped("Not seen from here: " + blind + "."))
		}
	}
	for _, n := range e.passing {
		who := "objects with the label " + LabelPrefix + e.ID + ": " + n.Label
		if n.Label == "" {
			who = strings.Join(strings.Fields(n.Kind+" "+n.Namespace+" "+n.Name), " ")
		} else if n.Namespace != "" {
			who += " in " + n.Namespace
		}
		until := ""
		if n.Expires != "" {
			until = " until " + n.Expires
		}
		b.WriteString(wrapped("Passes: " + who + until + " (" + n.Reason + "; owner: " + n.Owner + ")"))
	}
	return b.String()
}

// wrapped breaks a comment into lines.
func wrapped(s string) string {
	var b strings.Builder
	line := "#"
	for _, w := range strings.Fields(s) {
		if len(line)+1+len(w) > 120 && line != "#" {
			b.WriteString(line + "\n")
			line = "#  "
		}
		line += " " + w
	}
	b.WriteString(line + "\n")
	return b.String()
}

// document renders an object of k8s.io/api as YAML: fields in alphabetical order, expressions of several lines as blocks, no status.
func document(o any) string {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(data, &tree); err != nil {
		panic(err)
	}
	plain(&tree)
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&tree); err != nil {
		panic(err)
	}
	return b.String()
}

// longest is how long a text may be on the line of its field; longer ones the encoder would fold.
const longest = 60

// first are the fields that are read first, in this order; the others follow as k8s.io/api has them.
var first = []string{"apiVersion", "kind", "name", "paramKind", "matchConstraints", "matchConditions", "variables", "validations"}

func order(members []*yaml.Node) []*yaml.Node {
	rank := func(key string) int {
		if i := slices.Index(first, key); i >= 0 {
			return i
		}
		return len(first)
	}
	var pairs [][2]*yaml.Node
	for i := 0; i+1 < len(members); i += 2 {
		pairs = append(pairs, [2]*yaml.Node{members[i], members[i+1]})
	}
	slices.SortStableFunc(pairs, func(a, b [2]*yaml.Node) int { return rank(a[0].Value) - rank(b[0].Value) })
	out := members[:0:0]
	for _, p := range pairs {
		out = append(out, p[0], p[1])
	}
	return out
}

// plain takes the look of JSON away.
func plain(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && (strings.Contains(n.Value, "\n") || len(n.Value) > longest && strings.Contains(n.Value, " ")) {
		n.Style = yaml.LiteralStyle
	}
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k, v := n.Content[i], n.Content[i+1]; k.Value != "status" && !(k.Value == "creationTimestamp" && v.Tag == "!!null") {
				kept = append(kept, k, v)
			}
		}
		n.Content = order(kept)
		if len(kept) == 0 {
			n.Style = yaml.FlowStyle
		}
	}
	for _, c := range n.Content {
		plain(c)
	}
}
