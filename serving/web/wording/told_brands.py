# Over 300 lines: one list of sentences.
"""What the rules say to a brand's people, for the catalogues: why they are asked, how they stand, what is refused.

`fixed_words` puts them into the language of whoever reads. They are looked up with the full stop at their end, and
those of a count with the number that their form goes with.
"""

from typing import Final

from serving.web.wording.i18n import N_

SENTENCES: Final = (
    # Why a request of many confirmations is refused (serving.review.rules.takedown, models.verdict).
    N_("Choose why the offers are counterfeit."),
    N_("Choose at least one offer."),
    N_("%(n)s offers are too many for one request: it names at most %(most)s."),
    N_("One case is named with two versions of its offer; nothing was recorded."),
    N_("Confirm in good faith that what you say of every offer is accurate and complete."),
    N_("Somebody else made this request; only they can take it back."),
    N_("Nothing of it stands any more."),
    N_("There is no such right."),
    N_("There is no such takedown request."),
    # Refusals of settings (serving.accounts.service.display_choice, …passwords).
    N_("This time zone is not known here. Choose one from the list."),
    N_("There is no such language."),
    N_("There is no such density."),
    N_("There is no such theme."),
    N_("Keys are on or off."),
    N_("You typed two different new passwords."),
    N_("Your present password is another one."),
    N_("The new password is the one that you have."),
    N_("A password has %(least)s to %(most)s characters."),
    # Refusals of a message or of an answer to a seller (serving.brands.service.brand_messages, …counter_notices).
    N_("%(most)s messages an hour are the most. Send it later."),
    N_("There is nothing in the message."),
    N_("A message has at most %(most)s characters; this one has %(n)s."),
    N_("There is no such counter-notice."),
    N_("There is no such brand."),
    # Who may change what a brand has on file, and refusals of that (serving.rights.service.brand_file, …brand_people).
    N_("Your account reads this and does not change it. Your account manager says who of your brand may."),
    N_(
        "You act by a power of attorney. What the brand has on file is changed by its own people. If yours was "
        "recorded by mistake, your account manager makes it void."
    ),
    N_("This is not an e-mail address."),
    N_("%(name)s speaks for your brand already."),
    N_("There is no such open invitation."),
    N_("You cannot let yourself go; your account manager can."),
    N_("Nobody of this id speaks for the brand."),
    N_("%(name)s leads the brand too. Your account manager lets them go."),
    N_("You cannot make a link for yourself. Change your password in your settings."),
    N_("They lead the brand too. An administrator of the marketplace makes their link."),
    N_(
        "They also work where you have no say. Whoever has a say over all of it, or runs this service, makes their "
        "link."
    ),
    N_("You lead the brand. Who acts by a power of attorney does not."),
    N_("Choose one of your brand's people."),
    N_("A power of attorney has a last day."),
    N_("A power of attorney names at least one kind of right."),
    N_("This power of attorney has ended already."),
    N_("There is no such power of attorney in force."),
    N_("%(name)s has no account for %(words)s."),
    N_("%(name)s leads %(words)s. Who leads a brand is no agent of it."),
    N_("The agent has 1 to %(most)s characters that can be seen."),
    N_("Name at least one territory: an ISO 3166 code such as FR, EU or WORLD."),
    N_("%(words)s is no territory: an ISO 3166 code such as FR, EU or WORLD."),
    N_("A day is written as 2026-03-01."),
    N_("There is no such document."),
    # Refusals of a right or of its document (serving.rights.service.brand_file, …rights, serving.rights.store).
    N_("This right was verified at another marketplace. Who leads the brand there withdraws it."),
    N_("Say whether it is a mark, a design or a copyright."),
    N_("Classes are numbers, such as 18, 25."),
    N_("Classes are numbers from 1 to %(most)s."),
    N_("A right ends after it begins."),
    N_("%(name)s has as many rights on file as it may have."),
    N_("The title has 1 to %(most)s characters that can be seen."),
    N_("The office has 1 to %(most)s characters that can be seen."),
    N_("The number has 1 to %(most)s characters that can be seen."),
    N_("The name has 1 to %(most)s characters that can be seen."),
    N_("A document has at most %(most)s bytes."),
    N_("A brand keeps at most %(most)s documents. Name one that is on file."),
    N_("A brand's documents have at most %(most)s bytes together. Send a smaller scan."),
    N_("This mark of %(words)s is on file already."),
    N_("This design of %(words)s is on file already."),
    N_("This copyright of %(words)s is on file already."),
    N_("Somebody has decided about this right in the meantime."),
    N_("A right that is withdrawn cannot become withdrawn."),
    N_("A right that is refused cannot become withdrawn."),
    # Refusals of a list of sellers (serving.account_management.service.authorised_sellers,
    # serving.web.brand.sellers_of_brand_page).
    N_("A list has at most %(most)s sellers."),
    N_("An id has at most %(most)s characters that can be seen."),
    N_("Name at least one seller."),
    N_("The last day is over already."),
    N_("This seller is not on the list."),
    N_("A file has at most %(most)s bytes here. Send it in parts."),
    N_("The file is no text in UTF-8. Save it as CSV in UTF-8."),
    N_("Choose a file, or paste ids of sellers, one a line."),
    # Refusals of a price list (serving.brands.service.price_lists, …row_files, features.fields,
    # training.adapters.files).
    N_("Row %(n)s: %(why)s"),
    N_("The rows of the preview did not come back. Choose the file again."),
    N_("Choose a file, or paste its rows with the line of column names."),
    N_("The file's name must end in .csv, .tsv, .txt."),
    N_("A file has at most %(most)s rows here. Send it in parts."),
    N_("The file is empty."),
    N_("The header has %(n)s columns; %(most)s are read at most."),
    N_("The header cannot be read: %(words)s."),
    N_("The row cannot be read: %(words)s."),
    N_("The row has more cells than the header has columns."),
    N_("%(name)s would have more than %(most)s list prices, which is the most."),
    N_("a list price has a price above zero and its currency."),
    N_("a list price names a gtin, an mpn, a model or a category."),
    N_("valid_from must be a day such as 2026-03-01."),
    N_("%(words)s is no column of a price list."),
    N_("%(name)s must be three capital letters such as EUR."),
    N_("%(name)s must be a decimal number such as 19.90."),
    N_("%(name)s is below zero."),
    N_("%(name)s is above %(most)s."),
    N_("%(name)s has %(n)s characters; at most %(most)s are accepted."),
    N_("%(name)s holds NUL, half a surrogate pair or a noncharacter."),
    # Refusals of a tell-tale (features.tell_tales, serving.brands.service.tell_tales).
    N_("There is no such tell-tale."),
    N_("Say whether it gives away counterfeits or your own goods."),
    N_("Say where it is looked for."),
    N_("A tell-tale has a label of at most %(most)s characters that can be seen."),
    N_("A tell-tale ends after it begins."),
    N_("%(name)s has %(most)s tell-tales, which is the most. Remove one first."),
    N_("A pattern has 1 to %(most)s characters."),
    N_("The pattern holds a character that cannot be seen."),
    N_("“%(name)s” never occurs in a folded text; write “%(words)s”."),
    N_("“%(name)s” never occurs in a folded text; leave it out."),
    N_("\\C is half a character."),
    N_("The pattern cannot be read: %(words)s."),
    N_("The pattern is too large: use fewer or smaller repeats and classes."),
    N_("The pattern fits every text, even none."),
    # Refusals of an answer to the briefing (serving.brands.rules).
    N_("Choose an answer to “%(question)s”"),
    N_("Read why your answers were wrong; you can try again at %(time)s."),
    # Refusals of an answer or of taking it back (serving.review.service.review, serving.review.service.undoing,
    # serving.rights.rules.rights).
    N_("Nothing was recorded."),
    N_("There is no such case."),
    N_("The offer was changed since you loaded it; look at the current version."),
    N_("The offer was changed since this case was opened; a new case shows the current version."),
    N_("The case has been decided already."),
    N_("The case is still open, so there is nothing to undo."),
    N_("There is no verdict to undo."),
    N_("The undo window has closed."),
    N_("%(name)s gave the last verdict on this case; only they can undo it."),
    N_("You decided on this offer before; somebody else must decide the complaint."),
    N_(
        "You let in whoever decided on this offer before, by an invitation or a link for a new password; somebody else "
        "must decide the complaint."
    ),
    N_("A test buy is recorded by an analyst, who has its papers."),
    N_("A note has at most %(most)s characters."),
)
COUNTS: Final[tuple[tuple[str, str], ...]] = ()
