package goldenpath

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"

	"github.com/fairway-k8s/fairway/internal/source"
)

// variable is what expressions call a parameter: its name, with _ behind it where CEL keeps the word for itself (namespace_).
func variable(parameter string) string {
	if slices.Contains(keptWords, parameter) {
		return parameter + "_"
	}
	return parameter
}

// keptWords are the reserved words of CEL (github.com/google/cel-spec, langdef.md, syntax).
var keptWords = []string{"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null",
	"package", "return", "true", "var", "void", "while"}

// scope is the variables that expressions may use.
type scope struct{ env *cel.Env }

// baseEnv is costly to make and the same for all.
var baseEnv = sync.OnceValues(func() (*cel.Env, error) {
	toText := func(write func(int64) string) cel.OverloadOpt {
		return cel.UnaryBinding(func(v ref.Val) ref.Val {
			n, ok := v.(types.Int)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v)
			}
			return types.String(write(int64(n)))
		})
	}
	return cel.NewEnv(
		ext.Strings(), ext.Math(), ext.Lists(), bounded(),
		cel.Function("cpu", cel.Overload("cpu_int", []*cel.Type{cel.IntType}, cel.StringType, toText(writeCPU))),
		cel.Function("memory", cel.Overload("memory_int", []*cel.Type{cel.IntType}, cel.StringType, toText(writeMemory))),
		cel.Function("seconds", cel.Overload("seconds_int", []*cel.Type{cel.IntType}, cel.StringType, toText(writeDuration))),
		cel.Function("ceil", cel.Overload("ceil_int_int", []*cel.Type{cel.IntType, cel.IntType}, cel.IntType, cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			x, okx := a.(types.Int)
			y, oky := b.(types.Int)
			if !okx || !oky || y <= 0 || x < 0 {
				return types.NewErr("ceil takes a number from 0 and one above 0")
			}
			return (x + y - 1) / y
		}))),
		cel.Function("sum", cel.Overload("sum_list", []*cel.Type{cel.ListType(cel.DynType)}, cel.IntType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			list, ok := v.(traits.Lister)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v)
			}
			var total types.Int
			for it := list.Iterator(); it.HasNext() == types.True; {
				n, ok := it.Next().(types.Int)
				if !ok {
					return types.NewErr("sum takes a list of int")
				}
				total += n
			}
			return total
		}))),
		cel.Function("version", cel.Overload("version_string", []*cel.Type{cel.StringType}, cel.StringType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			text, ok := v.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(v)
			}
			return types.String(versionOf(string(text)))
		}))),
	)
})

// versionOf returns the tag of an image as the value of a label, which has at most 63 letters and ends with a letter or digit; "digest" for
// an image without a tag.
func versionOf(image string) string {
	tag, _ := tagOf(image)
	return cmp.Or(strings.Trim(tag[:min(len(tag), 63)], "._-"), "digest")
}

func newScope(names ...string) (scope, error) {
	env, err := baseEnv()
	if err != nil {
		return scope{}, err
	}
	return scope{env}.with(names...)
}

// with returns a scope with more variables, of any type.
func (s scope) with(names ...string) (scope, error) {
	var o []cel.EnvOption
	for _, n := range names {
		o = append(o, cel.Variable(n, cel.DynType))
	}
	env, err := s.env.Extend(o...)
	return scope{env}, err
}

// expression is a compiled expression.
type expression struct {
	text    string
	program cel.Program
	names   []string // of variables in it, with the fields selected from them
}

func (s scope) compile(text string) (*expression, error) {
	ast, issues := s.env.Compile(text)
	if err := issues.Err(); err != nil {
		first, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "ERROR: <input>:"), "\n")
		return nil, fmt.Errorf("expression %s: %s", text, first)
	}
	program, err := s.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(1_000_000))
	if err != nil {
		return nil, fmt.Errorf("expression %s: %w", text, err)
	}
	return &expression{text, program, namesIn(ast.NativeRep().Expr())}, nil
}

// eval returns int64, string, bool, []any or map[string]any.
func (e *expression) eval(vars map[string]any) (any, error) {
	out, _, err := e.program.Eval(vars)
	if err != nil {
		return nil, fmt.Errorf("expression %s: %w", e.text, err)
	}
	return native(out)
}

func (e *expression) evalBool(vars map[string]any) (bool, error) {
	v, err := e.eval(vars)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("expression %s gives %v, and must be true or false", e.text, v)
	}
	return b, nil
}

func native(v ref.Val) (any, error) {
	switch v.Type() {
	case types.IntType, types.StringType, types.BoolType:
		return v.Value(), nil
	case types.ListType:
		out, err := v.ConvertToNative(reflect.TypeFor[[]ref.Val]())
		if err != nil {
			return nil, err
		}
		var list []any
		for _, item := range out.([]ref.Val) {
			x, err := native(item)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	case types.MapType:
		out, err := v.ConvertToNative(reflect.TypeFor[map[string]any]())
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return nil, errors.New("an expression gives " + v.Type().TypeName() + ", and must give int, string, bool, list or map")
}

// yamlValue turns the result of an expression into YAML.
func yamlValue(v any) source.Value {
	switch v := v.(type) {
	case int64:
		return source.Int(v)
	case bool:
		return source.Bool(v)
	case string:
		return source.String(v)
	case []any:
		items := make([]source.Value, len(v))
		for i, x := range v {
			items[i] = yamlValue(x)
		}
		return source.List(items...)
	case map[string]any:
		var fields []source.Field
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, source.F(k, yamlValue(v[k])))
		}
		return source.Map(fields...)
	}
	return source.String(fmt.Sprint(v))
}

// plainText is the result of an expression for a sentence.
func plainText(v any) string {
	switch v := v.(type) {
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = plainText(x)
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprint(v)
}
