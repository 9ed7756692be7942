package io.viommufleet.common.input;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The words of a shell command, as far as files of arguments need them: single and double quotes, backslashes, continued
 * lines and comments. Nothing is expanded or run.
 *
 * @param words the words, without their quotes
 * @param unclosedQuote whether the text ends within quotes
 */
record ShellWords(List<String> words, boolean unclosedQuote) {
    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=.*", Pattern.DOTALL);

    ShellWords {
        words = List.copyOf(words);
    }

    /** Splits a text. */
    static ShellWords split(String text) {
        Splitter splitter = new Splitter();
        for (int i = 0; i < text.length(); i++) {
            i += splitter.take(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : '\0');
        }
        return splitter.finish();
    }

    /** What follows the leading {@code NAME=value} words. */
    static List<String> afterAssignments(List<String> words) {
        int first = 0;
        while (first < words.size() && ASSIGNMENT.matcher(words.get(first)).matches()) {
            first++;
        }
        return words.subList(first, words.size());
    }

    private static final class Splitter {
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private boolean inWord;
        private boolean inComment;
        private char quote;

        /** Takes a character, and says how many more of the text it has used. */
        int take(char c, char next) {
            if (inComment) {
                inComment = c != '\n';
                return 0;
            }
            if (quote != 0) {
                return takeQuoted(c, next);
            }
            return switch (c) {
                case '\'', '"' -> {
                    quote = c;
                    inWord = true;
                    yield 0;
                }
                case '\\' -> takeEscaped(next);
                case ' ', '\t', '\n', '\r' -> {
                    endWord();
                    yield 0;
                }
                default -> {
                    takePlain(c);
                    yield 0;
                }
            };
        }

        private void takePlain(char c) {
            if (c == '#' && !inWord) {
                inComment = true;
            } else {
                append(c);
            }
        }

        private int takeEscaped(char next) {
            if (next != '\n' && next != '\r' && next != '\0') {
                append(next);
            }
            return 1;
        }

        private int takeQuoted(char c, char next) {
            if (c == quote) {
                quote = 0;
                return 0;
            }
            if (quote == '"' && c == '\\' && "\\\"$`\n".indexOf(next) >= 0) {
                if (next != '\n') {
                    append(next);
                }
                return 1;
            }
            append(c);
            return 0;
        }

        private void append(char c) {
            inWord = true;
            word.append(c);
        }

        private void endWord() {
            if (inWord) {
                words.add(word.toString());
                word.setLength(0);
                inWord = false;
            }
        }

        ShellWords finish() {
            endWord();
            return new ShellWords(words, quote != 0);
        }
    }
}
