package internal_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// checkImports holds the order of imports.
func checkImports(src source) []string {
	var faults []string
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		name, level := place(dir)
		if name == "" {
			faults = append(faults, dir+" has no line in levels or helpers")
			continue
		}
		for _, imported := range importsOf(src.packages[dir]) {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				faults = append(faults, judge(dir, name, level, inside)...)
			} else if slices.Contains(forbidden[level], imported) {
				faults = append(faults, dir+" imports "+imported)
			}
		}
	}
	return faults
}

// judge decides about one import of one of our packages by another.
func judge(dir, name string, level int, imported string) []string {
	target, below := place(imported)
	switch {
	case target == name || target == "":
		return nil // a part of the same, or reported where it stands
	case level == aside && below == aside:
		return nil
	case level == aside:
		if allowed := helpers[name]; !slices.Contains(allowed, "*") && !slices.Contains(allowed, target) {
			return []string{dir + " imports " + imported + ", which is not in its list"}
		}
		return nil
	case below == aside:
		if !slices.Contains(mayUseHelpers, name) {
			return []string{dir + " imports " + imported + ", which is for tests"}
		}
		return nil
	case below < level || below == level && slices.Contains(beside[name], target):
		return nil
	default:
		return []string{dir + " imports " + imported + ", which is not below it"}
	}
}

// aside is the level of helpers.
const aside = -1

// place finds the line of a package: its own, or that of the nearest folder above which has one.
func place(dir string) (name string, level int) {
	for name = strings.TrimPrefix(dir, "internal/"); name != ""; name = parent(name) {
		for level, row := range levels {
			if slices.Contains(row, name) {
				return name, level
			}
		}
		if _, ok := helpers[name]; ok {
			return name, aside
		}
	}
	return "", 0
}

func parent(dir string) string {
	i := strings.LastIndexByte(dir, '/')
	return dir[:max(i, 0)]
}

func importsOf(files []file) []string {
	var all []string
	for _, f := range files {
		for _, spec := range f.ast.Imports {
			name, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
