package goldenpath

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// The cost of an expression is limited, but it is counted when a function is done. These few functions make much of little in one call, so they look
// at what they are to make before they make it. No path has a use for more.
const (
	mostItems = 1_000   // of lists.range
	mostBytes = 1 << 20 // of replace and join
)

// bounded puts the functions that look first in the place of those of the same names.
func bounded() cel.EnvOption {
	options := []cel.EnvOption{
		cel.Function("lists.range", cel.Overload("lists_range", []*cel.Type{cel.IntType}, cel.ListType(cel.IntType), cel.UnaryBinding(func(v ref.Val) ref.Val {
			n, ok := v.(types.Int)
			switch {
			case !ok:
				return types.MaybeNoSuchOverloadErr(v)
			case n > mostItems:
				return types.NewErr("lists.range makes at most %d numbers, not %d", mostItems, int64(n))
			}
			list := make([]int64, max(n, 0))
			for i := range list {
				list[i] = int64(i)
			}
			return types.DefaultTypeAdapter.NativeToValue(list)
		}))),
		cel.Function("replace",
			cel.MemberOverload("string_replace_string_string", []*cel.Type{cel.StringType, cel.StringType, cel.StringType}, cel.StringType,
				cel.FunctionBinding(func(args ...ref.Val) ref.Val { return replace(append(args, types.Int(-1))...) })),
			cel.MemberOverload("string_replace_string_string_int", []*cel.Type{cel.StringType, cel.StringType, cel.StringType, cel.IntType}, cel.StringType,
				cel.FunctionBinding(replace))),
		cel.Function("join",
			cel.MemberOverload("list_join", []*cel.Type{cel.ListType(cel.StringType)}, cel.StringType,
				cel.UnaryBinding(func(list ref.Val) ref.Val { return join(list, types.String("")) })),
			cel.MemberOverload("list_join_string", []*cel.Type{cel.ListType(cel.StringType), cel.StringType}, cel.StringType, cel.BinaryBinding(join))),
	}
	return func(e *cel.Env) (_ *cel.Env, err error) {
		for _, o := range options {
			if e, err = o(e); err != nil {
				return nil, err
			}
		}
		return e, nil
	}
}

func replace(args ...ref.Val) ref.Val {
	s, isText := args[0].(types.String)
	old, isOld := args[1].(types.String)
	replacement, isNew := args[2].(types.String)
	most, isCount := args[3].(types.Int)
	if !isText || !isOld || !isNew || !isCount {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	n := strings.Count(string(s), string(old))
	if most >= 0 {
		n = int(min(types.Int(n), most))
	}
	if size := len(s) + n*(len(replacement)-len(old)); size > mostBytes {
		return tooLong("replace", size)
	}
	return types.String(strings.Replace(string(s), string(old), string(replacement), n))
}

func join(v, between ref.Val) ref.Val {
	list, isList := v.(traits.Lister)
	separator, isText := between.(types.String)
	if !isList || !isText {
		return types.MaybeNoSuchOverloadErr(v)
	}
	var words []string
	size := 0
	for it := list.Iterator(); it.HasNext() == types.True; {
		word, ok := it.Next().(types.String)
		if !ok {
			return types.NewErr("join takes a list of string")
		}
		words = append(words, string(word))
		if size += len(word) + len(separator); size > mostBytes {
			return tooLong("join", size)
		}
	}
	return types.String(strings.Join(words, string(separator)))
}

func tooLong(function string, size int) ref.Val {
	return types.WrapErr(fmt.Errorf("%s makes at most %d bytes, not %d", function, mostBytes, size))
}
