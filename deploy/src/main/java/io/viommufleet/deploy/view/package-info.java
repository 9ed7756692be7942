/** The fleet as the log tells it: a fold of every topic, for whoever asks at a terminal. Read only. */
@NullMarked
package io.viommufleet.deploy.view;

import org.jspecify.annotations.NullMarked;
