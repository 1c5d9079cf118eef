package crd

import (
	"cmp"
	"context"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/fairway-k8s/fairway/internal/apiserver"
)

// rules are the CEL rules of one place of a schema. They run like those of the API server's cel.Validator, but are compiled when an object
// first has something there.
type rules struct {
	schema *apiextensionsv1.JSONSchemaProps // see forRules
	root   bool                             // the place is a whole object: rules may use its apiVersion, kind and metadata

	once      sync.Once
	validator *cel.Validator // nil when they cannot be run
}

// rulesOf returns the rules of a schema. The same rules of the same schema stand in several kinds, and compiling them takes a hundred times
// as long as running them.
func (l *library) rulesOf(s *apiextensionsv1.JSONSchemaProps, root bool) *rules {
	key := strconv.FormatBool(root)
	for _, v := range s.XValidations {
		key += "\x00" + v.Rule
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.rules[key] {
		if r.schema == s || reflect.DeepEqual(r.schema, s) {
			return r
		}
	}
	if l.rules == nil {
		l.rules = map[string][]*rules{}
	}
	r := &rules{schema: s, root: root}
	l.rules[key] = append(l.rules[key], r)
	return r
}

// compile makes the validator, once.
func (r *rules) compile() {
	r.once.Do(func() {
		if r.endless() {
			return
		}
		in, err := internal(r.schema)
		if err != nil {
			return
		}
		if node, err := structuralschema.NewStructural(in); err == nil {
			r.validator = cel.NewValidator(node, r.root, celconfig.PerCallLimit)
		}
	})
}

// name matches the names in a rule, those in literals and of functions among them.
var name = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// namesIn returns the names that rules use, as CEL writes them.
func namesIn(list apiextensionsv1.ValidationRules) map[string]bool {
	out := map[string]bool{}
	for _, v := range list {
		for _, text := range []string{v.Rule, v.MessageExpression, v.FieldPath} {
			for _, n := range name.FindAllString(text, -1) {
				out[n] = true
			}
		}
	}
	return out
}

// literal matches the texts in a rule.
var literal = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// endless reports whether a rule reads a number that Kubernetes' code would take for ever to read. The budget is no help:
// it counts the call, not how long it takes.
func (r *rules) endless() bool {
	for _, v := range r.schema.XValidations {
		for _, text := range literal.FindAllString(v.Rule+v.MessageExpression, -1) {
			if apiserver.Endless(strings.Trim(text, `"'`)) {
				return true
			}
		}
	}
	return false
}

// endlessIn returns such a number from a value, "" when there is none.
func endlessIn(value any) string {
	switch value := value.(type) {
	case string:
		if apiserver.Endless(value) {
			return value
		}
	case map[string]any:
		for key, v := range value {
			if found := cmp.Or(endlessIn(key), endlessIn(v)); found != "" {
				return found
			}
		}
	case []any:
		for _, v := range value {
			if found := endlessIn(v); found != "" {
				return found
			}
		}
	}
	return ""
}

// check runs the rules of a part on a value. budget is what rules may cost for the whole object; it is negative when it is used up.
func (l *library) check(ctx context.Context, p *part, path *field.Path, value any, budget int64) (field.ErrorList, int64) {
	if p == nil || !p.ruled || value == nil {
		return nil, budget
	}
	var errs field.ErrorList
	if p.rules != nil {
		p.rules.compile()
		if v := p.rules.validator; v != nil {
			errs, budget = v.Validate(ctx, path, nil, value, nil, budget)
		}
	}
	each := func(sub *part, path *field.Path, value any) {
		if budget >= 0 {
			var more field.ErrorList
			more, budget = l.check(ctx, sub, path, value, budget)
			errs = append(errs, more...)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			if sub, ok := p.fields[key]; ok {
				each(sub, path.Child(key), value[key])
			} else if p.values != nil {
				each(p.values, path.Key(key), value[key])
			}
		}
	case []any:
		for i := range value {
			each(p.values, path.Index(i), value[i])
		}
	}
	return errs, budget
}
