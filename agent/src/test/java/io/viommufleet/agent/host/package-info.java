/** Tests of the scanner on captured trees and on trees that no kernel would make. */
@NullMarked
package io.viommufleet.agent.host;

import org.jspecify.annotations.NullMarked;
